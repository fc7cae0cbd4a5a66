import { Command, CommanderError } from 'commander';
import { COMMANDS, type CommandEntry } from './command-table.ts';
import { EXIT_CODES, lineOf } from './cli-error.ts';
import { exitWhenOutputEnds } from './output/standard-output.ts';
import { VERSION } from './version.ts';

/**
 * Runs one `katbus` command line. Only the package of the command that is called is loaded: `katbus --help` needs none.
 * @param words the command line without the program's name
 */
export async function runProgram(words: readonly string[]): Promise<void> {
  exitWhenOutputEnds();
  const program = emptyProgram();
  // The command's name stands first, or after `help`; everything else is the command's own business.
  const called = words[0] === 'help' ? words[1] : words[0];
  for (const entry of COMMANDS) {
    program.addCommand(entry.name === called ? await loaded(entry, program) : placeholder(entry));
  }
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error);
  }
}

function emptyProgram(): Command {
  return new Command('katbus')
    .description('A sensor bus for observatories and laboratories.')
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help to see what may be written)')
    .addHelpText('after', HELP_FOOT);
}

const HELP_FOOT = `
Exit codes: 0 done, 1 failed (or status found something wrong), 2 the command line is wrong.

Examples:
  katbus up                  everything on this machine; Ctrl-C stops it
  katbus ls cpu              sensors with "cpu" in their name
  katbus sub 'host.>'        live samples of component host
  katbus history host.cpu_load --from -15m --format plot`;

async function loaded(entry: CommandEntry, program: Command): Promise<Command> {
  const command = await entry.load();
  inherit(command, program);
  return command.helpGroup(entry.group).summary(entry.summary);
}

/** Commands of commands too: what is wrong with their words is a wrong command line as well. */
function inherit(command: Command, from: Command): void {
  command.copyInheritedSettings(from);
  for (const inner of command.commands) inherit(inner, command);
}

/** Stands in the list of commands, and is never run. */
function placeholder({ name, group, summary }: CommandEntry): Command {
  return new Command(name).helpGroup(group).summary(summary).description(summary);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
  process.stderr.write(`katbus: ${lineOf(error)}\n`);
  return EXIT_CODES.failed;
}
