// Keeps the workers that the package starts, to terminate one.
const workers = [];
globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args);
    workers.push(this);
  }
};

globalThis.run = async () => {
  const { compare } = await import('./compare.mjs');
  const found = await compare(() => workers[0].terminate());
  return { ...found, isolated: globalThis.crossOriginIsolated };
};
