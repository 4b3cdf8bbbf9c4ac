// The same actions in a worker.

import { actions } from './actions.js';

globalThis.onmessage = async ({ data: { action, input } }) => {
  try {
    postMessage({ result: await actions[action](input) });
  } catch (error) {
    postMessage({ error: error.stack ?? String(error) });
  }
};
