/** A worker of any platform, as those who talk to it see it. */
export interface Channel<Request, Answer> {
  post(request: Request, transfer: ArrayBuffer[]): void;
  /** Called once; both functions are called for all that comes. */
  listen(answered: (answer: Answer) => void, failed: (cause: unknown) => void): void;
  end(): void;
}

/** The part of a `Worker` that is needed; declared here for those who compile without the DOM's types. */
export interface WebWorker {
  /** As `Worker.postMessage`. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** As `Worker.addEventListener`, for 'message', 'error' and 'messageerror'. */
  addEventListener(
    type: string,
    listener: (event: { data?: unknown; message?: string }) => void,
  ): void;
  /** As `Worker.terminate`. */
  terminate(): void;
}

/** A channel to a worker of a browser. */
export function webChannel<Request, Answer>(worker: WebWorker): Channel<Request, Answer> {
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    listen(answered, failed) {
      worker.addEventListener('message', ({ data }) => answered(data as Answer));
      worker.addEventListener('error', ({ message }) => failed(message ?? 'it did not start'));
      worker.addEventListener('messageerror', () => failed('a message could not be read'));
    },
    end: () => worker.terminate(),
  };
}
