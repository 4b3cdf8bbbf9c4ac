// Output of the command, to standard output or standard error, as long as anybody reads it.

let unread = false;

/** The reader of the output may stop, as `head` does: the rest is not needed then. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    unread = true;
  });
}

const PIECE_LENGTH = 1 << 16;

/** Prints a text, or lines. */
export async function print(lines: string | Iterable<string>): Promise<void> {
  await write(typeof lines === 'string' ? [lines, '\n'] : ended(lines));
}

function* ended(lines: Iterable<string>): Generator<string, void, void> {
  for (const line of lines) {
    yield line;
    yield '\n';
  }
}

/** Writes pieces of text in order, a few at a time, each after the previous ones are written. */
export async function write(pieces: Iterable<string>): Promise<void> {
  const send = (text: string) =>
    new Promise<void>((done) => {
      if (unread) done();
      else process.stdout.write(text, () => done());
    });
  let gathered = '';
  for (const piece of pieces) {
    gathered += piece;
    if (gathered.length < PIECE_LENGTH) continue;
    await send(gathered);
    if (unread) return;
    gathered = '';
  }
  if (gathered !== '') await send(gathered);
}

/** Writes a message to standard error, synchronously. */
export function complain(text: string): void {
  if (!unread) process.stderr.write(`${text}\n`);
}
