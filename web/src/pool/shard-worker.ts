// A worker of the pool in browsers.

import { createAnswerer, type Request } from './messages.js';
import type { Watch, Watching } from './watched.js';

const scope = globalThis as unknown as Worker;
const answer = createAnswerer((reply, transfer) => scope.postMessage(reply, transfer));

function hold({ lock }: Watch): void {
  const locked: Watching = { locked: true };
  const forever = () => {
    scope.postMessage(locked);
    return new Promise(() => {});
  };
  navigator.locks.request(lock, forever).catch(() => {});
}

scope.onmessage = ({ data }: MessageEvent<Request | Watch>) => {
  if ('lock' in data) hold(data);
  else answer(data);
};
