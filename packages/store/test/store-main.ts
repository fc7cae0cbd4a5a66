import { commands } from '../src/commands.ts';

// `katbus store` without the rest of `katbus`, for tests that kill it.
await commands()[0]?.parseAsync(process.argv.slice(2), { from: 'user' });
