// Keeps the workers that the package starts, to terminate one.
const workers = [];
globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    workers.push(this);
  }
};

// As Chrome below 115, for which nothing above 4 KB may be compiled or instantiated at once in a page.
for (const name of ['Module', 'Instance']) {
  const construct = () => {
    throw new RangeError(`WebAssembly.${name} is disallowed on the main thread`);
  };
  WebAssembly[name] = new Proxy(WebAssembly[name], { construct });
}

globalThis.run = async () => {
  const { compare } = await import('./compare.mjs');
  const found = await compare(() => workers[0].terminate());
  return { ...found, isolated: globalThis.crossOriginIsolated };
};
