#!/usr/bin/env node
// The `fewbits` command.

import { createRequire } from 'node:module';
import { FewbitsError } from 'fewbits';
import { embedQuantize, embedQuantizeHelp } from './embed-quantize.js';
import { inspect, inspectHelp } from './inspect.js';
import { quantize, quantizeHelp } from './quantize.js';
import { printable, UsageError } from './text.js';

const commands: Record<
  string,
  { run(args: string[], signal: AbortSignal): Promise<void>; help: string }
> = {
  quantize: { run: quantize, help: quantizeHelp },
  inspect: { run: inspect, help: inspectHelp },
  'embed-quantize': { run: embedQuantize, help: embedQuantizeHelp },
};

const help = `fewbits <command> [options]

  quantize         a model (safetensors, GGUF) to GGUF at few bits
  inspect          what a GGUF, safetensors or npy file holds
  embed-quantize   an array (npy) to codes of 2 to 8 bits in safetensors

fewbits <command> --help says more. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`;

async function main([name, ...args]: string[], signal: AbortSignal): Promise<void> {
  if (name === undefined) throw new UsageError('which command?');
  if (name === '--help' || name === '-h' || name === 'help') {
    console.log(help);
    return;
  }
  if (name === '--version') {
    console.log(createRequire(import.meta.url)('fewbits/package.json').version);
    return;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new UsageError(`there is no command '${name}'`);
  if (args.includes('--help') || args.includes('-h')) console.log(command.help);
  else await command.run(args, signal);
}

/** Exit code, after saying what is wrong. */
function report(error: unknown, interrupted: boolean): number {
  if (interrupted) {
    console.error('fewbits: interrupted');
    return 130;
  }
  const { code, message } = error as Partial<FewbitsError> & { code?: string };
  if (error instanceof UsageError || code?.startsWith('ERR_PARSE_ARGS')) {
    console.error(`fewbits: ${printable(String(message))}\n\nfewbits --help says what there is.`);
    return 2;
  }
  // Of what is known to go wrong the message is enough; of anything else, all is said.
  const known = error instanceof FewbitsError || (error as NodeJS.ErrnoException).syscall;
  console.error(known ? `fewbits: ${printable(String(message))}` : error);
  return 1;
}

const controller = new AbortController();
process.once('SIGINT', () => controller.abort(new Error('interrupted')));
try {
  await main(process.argv.slice(2), controller.signal);
} catch (error) {
  process.exitCode = report(error, controller.signal.aborted);
}
