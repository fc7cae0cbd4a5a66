import { relative, resolve } from 'node:path';
import { writeApiDocs } from './packing/api-docs.ts';

// What `npm run docs:api` runs: the reference of the published packages, from their docstrings, as pages in dist/api/.
const target = resolve(import.meta.dirname, '../dist/api');
const faults = await writeApiDocs(target);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`${relative(process.cwd(), target)}/index.html`);
