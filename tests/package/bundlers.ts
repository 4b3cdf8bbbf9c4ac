// Bundlers that bring a consumer's page to a browser. Each function resolves to a folder to serve, or serves
// it itself.

import { copyFileSync, readdirSync } from 'node:fs';
import type { Consumer } from './consumer.ts';

export interface DevServer {
  /** The address of the consumer's folder. */
  readonly url: string;
  close(): Promise<void>;
}

export async function viteDev(consumer: Consumer, base = '/'): Promise<DevServer> {
  const { createServer } = await import('vite');
  const server = await createServer({
    root: consumer.folder,
    configFile: false,
    base,
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0 },
  });
  await server.listen();
  const address = server.httpServer?.address() as { port: number };
  return { url: `http://127.0.0.1:${address.port}${base}`, close: () => server.close() };
}

/** Builds `<page>/index.html`, which has the same place in the resulting folder. */
export async function viteBuild(consumer: Consumer, page: string): Promise<string> {
  const { build } = await import('vite');
  const outDir = consumer.path(`vite-${page}`);
  await build({
    root: consumer.folder,
    configFile: false,
    base: './',
    logLevel: 'error',
    build: { outDir, rollupOptions: { input: consumer.path(`${page}/index.html`) } },
  });
  return outDir;
}

/** Builds `<page>/main.js` without a warning; the resulting folder has a page for it. */
export async function webpackBuild(consumer: Consumer, page: string): Promise<string> {
  const { default: webpack } = await import('webpack');
  const path = consumer.path(`webpack-${page}`);
  const options = {
    mode: 'production' as const,
    // The size hint ignores compression and files that are fetched only when needed.
    performance: false as const,
    context: consumer.folder,
    entry: `./${page}/main.js`,
    output: { path },
  };
  const stats = await new Promise<import('webpack').Stats | undefined>((resolve, reject) => {
    webpack(options, (error, result) => (error ? reject(error) : resolve(result)));
  });
  const problems = stats?.toString({ all: false, errors: true, warnings: true });
  if (problems !== '') throw new Error(problems);
  copyFileSync(consumer.path('app/index.html'), `${path}/index.html`);
  return path;
}

/** Bundles the entry points without a warning, and copies what esbuild does not: all builds and a page. */
export async function esbuildBuild(
  consumer: Consumer,
  name: string,
  entryPoints: string[] | { in: string; out: string }[],
): Promise<string> {
  const { build } = await import('esbuild');
  const outdir = consumer.path(`esbuild-${name}`);
  const { warnings } = await build({
    absWorkingDir: consumer.folder,
    entryPoints,
    bundle: true,
    format: 'esm',
    outdir,
  });
  if (warnings.length > 0) throw new Error(JSON.stringify(warnings));
  const dist = consumer.path('node_modules/fewbits/dist');
  for (const file of readdirSync(dist).filter((name) => name.endsWith('.wasm'))) {
    copyFileSync(`${dist}/${file}`, `${outdir}/${file}`);
  }
  copyFileSync(consumer.path('app/index.html'), `${outdir}/index.html`);
  return outdir;
}
