import { add, search } from './recipe.js';

const calls = { add, search };

addEventListener('message', async ({ data: { id, name, args } }) => {
  try {
    postMessage({ id, result: await calls[name](...args) });
  } catch (error) {
    postMessage({ id, error: error.message });
  }
});
