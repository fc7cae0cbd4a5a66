import type { Command } from 'commander';

/** One command of `katbus`: enough to list it, and where the rest is. */
export interface CommandEntry {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  load(): Promise<Command>;
}

const RUN = 'Run:';
const LOOK = 'Look:';
const PARTS = 'The parts that "up" runs, one by one:';

/** Every command, in the order of `katbus --help`. The other packages' commands are theirs; here they are only collected. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'up',
    group: RUN,
    summary: 'start everything on this machine, in this terminal',
    load: async () => (await import('./commands/up.ts')).upCommand(),
  },
  {
    name: 'status',
    group: LOOK,
    summary: 'whether everything is up; exit code 1 when not',
    load: async () => (await import('./commands/status.ts')).statusCommand(),
  },
  {
    name: 'ls',
    group: LOOK,
    summary: 'sensors with their last value',
    load: async () => (await import('./commands/ls.ts')).lsCommand(),
  },
  {
    name: 'sub',
    group: LOOK,
    summary: 'live samples, line by line',
    load: async () => (await import('./commands/sub.ts')).subCommand(),
  },
  {
    name: 'history',
    group: LOOK,
    summary: 'archived samples of a sensor: table, CSV, JSON or a plot',
    load: async () => (await import('./commands/history.ts')).historyCommand(),
  },
  {
    name: 'component',
    group: LOOK,
    summary: 'which components are there, have left or are absent',
    load: async () => named('component', (await import('@katbus/services/commands')).commands()),
  },
  {
    name: 'explain',
    group: LOOK,
    summary: "what a sensor's throttle does, and why",
    load: async () => named('explain', (await import('@katbus/bus/commands')).commands()),
  },
  {
    name: 'policy',
    group: RUN,
    summary: 'show, check and change which samples components send',
    load: async () => named('policy', (await import('@katbus/bus/commands')).commands()),
  },
  {
    name: 'quarantine',
    group: LOOK,
    summary: 'messages that could not be stored: list, show, retry, drop',
    load: async () => named('quarantine', (await import('@katbus/store/commands')).commands()),
  },
  {
    name: 'report',
    group: LOOK,
    summary: 'the archive at a look: what is silent, stuck, was dropped',
    load: async () => named('report', (await import('@katbus/store/commands')).commands()),
  },
  {
    name: 'copy',
    group: RUN,
    summary: 'copy an archive into another one: SQLite, Cassandra',
    load: async () => named('copy', (await import('@katbus/store/commands')).commands()),
  },
  {
    name: 'sizing',
    group: RUN,
    summary: 'measure what Cassandra can do here, and how many it takes',
    load: async () => named('sizing', (await import('@katbus/store/commands')).commands()),
  },
  {
    name: 'setup',
    group: PARTS,
    summary: 'make or check the streams and the policy bucket',
    load: async () => named('setup', (await import('@katbus/bus/commands')).commands()),
  },
  {
    name: 'store',
    group: PARTS,
    summary: 'archive samples and serve history',
    load: async () => named('store', (await import('@katbus/store/commands')).commands()),
  },
  {
    name: 'services',
    group: PARTS,
    summary: "the site's clock, and which components are there",
    load: async () => named('services', (await import('@katbus/services/commands')).commands()),
  },
  {
    name: 'portal',
    group: PARTS,
    summary: 'websocket and HTTP for browsers and programs',
    load: async () => {
      const [{ commands }, { bundlePage }] = await Promise.all([
        import('@katbus/portal/commands'),
        import('@katbus/gui'),
      ]);
      return named('portal', commands(await bundlePage()));
    },
  },
  {
    name: 'host',
    group: PARTS,
    summary: 'publish the sensors of this machine',
    load: async () => named('host', (await import('@katbus/components/commands')).commands()),
  },
  {
    name: 'telescope',
    group: PARTS,
    summary: 'publish a simulated array, for demonstration and load',
    load: async () => named('telescope', (await import('@katbus/components/commands')).commands()),
  },
];

function named(name: string, commands: readonly Command[]): Command {
  const command = commands.find((candidate) => candidate.name() === name);
  if (command === undefined) throw new Error(`no package exports the command ${name}`);
  return command;
}
