#!/usr/bin/env node
// The `fewbits` command.

import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { FewbitsError } from 'fewbits';
import { EMBED_QUANTIZE_HELP, embedQuantize } from './embed-quantize.js';
import { INSPECT_HELP, inspect } from './inspect.js';
import { removeUnfinished } from './output.js';
import { complain, print } from './print.js';
import { QUANTIZE_HELP, quantize } from './quantize.js';
import { printable, UsageError } from './text.js';

const commands: Record<string, { run(args: string[]): Promise<void>; help: string }> = {
  quantize: { run: quantize, help: QUANTIZE_HELP },
  inspect: { run: inspect, help: INSPECT_HELP },
  'embed-quantize': { run: embedQuantize, help: EMBED_QUANTIZE_HELP },
};

const HELP = `fewbits <command> [options]

  quantize         a model (safetensors, GGUF) to GGUF at few bits
  inspect          what a GGUF, safetensors or npy file holds
  embed-quantize   an array (npy) to codes of 2 to 8 bits in safetensors

fewbits <command> --help says more. Options may stand anywhere; after -- all that follows are names of
files. Outputs appear whole or not at all.

Exit codes: 0 done, 1 failed, 2 wrong usage, 128 + n ended by signal n (129 hangup, 130 interrupt,
143 termination).`;

async function main([name, ...args]: string[]): Promise<void> {
  if (name === undefined) throw new UsageError('which command?');
  if (name === '--version') {
    await print(createRequire(import.meta.url)('fewbits/package.json').version);
    return;
  }
  const asksHelp = name === '--help' || name === '-h' || name === 'help';
  const asked = asksHelp ? args[0] : name;
  if (asked === undefined) {
    await print(HELP);
    return;
  }
  const command = Object.hasOwn(commands, asked) ? commands[asked] : undefined;
  if (command === undefined) throw new UsageError(`there is no command '${asked}'`);
  const end = args.indexOf('--');
  const flags = end < 0 ? args : args.slice(0, end);
  if (asksHelp || flags.includes('--help') || flags.includes('-h')) await print(command.help);
  else await command.run(args);
}

/** Reports an error, and returns the exit code. */
function report(error: unknown): number {
  const { code, message } = error as Partial<FewbitsError> & { code?: string };
  if (error instanceof UsageError || code?.startsWith('ERR_PARSE_ARGS')) {
    complain(`fewbits: ${printable(String(message))}\n\nfewbits --help says what there is.`);
    return 2;
  }
  // The message of an expected error is enough; of any other, the stack is shown.
  const known = error instanceof FewbitsError || (error as NodeJS.ErrnoException)?.syscall;
  const all = (error as Error)?.stack ?? String(error);
  complain(
    known ? `fewbits: ${printable(String(message))}` : all.split('\n').map(printable).join('\n'),
  );
  return 1;
}

/** A signal ends the command at once: the unfinished output is removed, an existing file stays. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    removeUnfinished();
    complain('fewbits: interrupted');
    process.exit(128 + constants.signals[signal]);
  });
}
process.on('exit', removeUnfinished);

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}
