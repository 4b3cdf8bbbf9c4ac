// A page that records the workers that the package starts, in order to terminate one.
const workers = [];
globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    workers.push(this);
  }
};

// Imitates Chrome before 115, which refuses to compile or instantiate more than 4 KB synchronously in a page.
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
