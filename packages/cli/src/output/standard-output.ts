import { once } from 'node:events';
import { EXIT_CODES } from '../cli-error.ts';

/** Whoever reads us may stop (`katbus ls | head`): that is no error of ours. A full disk is one, in one line. */
export function exitWhenOutputEnds(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      if (stream === process.stdout) note(`katbus: the output cannot be written: ${error.message}`);
      process.exit(EXIT_CODES.failed);
    });
  }
}

/** Writes to standard output and waits while its reader is behind, so that a long answer is never held in memory. */
export async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** Resolves when everything that was written has left the process. */
export async function flushed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
  }
}

/** What a person should know and a program that reads our output should not: progress, notes. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Columns of the terminal; undefined when the output goes elsewhere and may be as wide as it likes. */
export function outputWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined;
}
