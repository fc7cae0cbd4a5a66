import { Command } from 'commander';
import { commands } from '@katbus/portal';

const program = new Command();
for (const command of commands()) program.addCommand(command);
await program.parseAsync();
