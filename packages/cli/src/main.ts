#!/usr/bin/env node
import { flushed } from './output/standard-output.ts';
import { runProgram } from './program.ts';

await runProgram(process.argv.slice(2));
// The NATS client leaves the socket open on which a server has never said a word: that must not keep us here.
await flushed();
process.exit();
