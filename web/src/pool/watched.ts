import { type Channel, type WebWorker, webChannel } from '../worker/channel.js';
import type { Answer, Request } from './messages.js';

/** The name of a lock that a worker is to hold while it lives. */
export interface Watch {
  readonly lock: string;
}

/** What it says when it holds the lock. */
export interface Watching {
  readonly locked: true;
}

/**
 * A channel to a worker that tells when the worker ends, which browsers give no event for: its lock
 * becomes free then. Where there are no locks (outside of secure contexts), only errors are told.
 */
export function watched(worker: WebWorker): Channel<Request, Answer> {
  const channel = webChannel<Request | Watch, Answer | Watching>(worker);
  const { locks } = navigator as { locks?: LockManager };
  const ended = new AbortController();
  const lock = `fewbits/pool ${Date.now()} ${Math.random()}`;
  return {
    post: channel.post,
    listen(answered, failed) {
      channel.listen((answer) => {
        if (!('locked' in answer)) return answered(answer);
        const terminated = () => failed('it was terminated');
        locks?.request(lock, { signal: ended.signal }, terminated).catch(() => {});
      }, failed);
      if (locks !== undefined) channel.post({ lock }, []);
    },
    end() {
      ended.abort();
      channel.end();
    },
  };
}
