import { mkdir } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { PUBLISHED, pack, stage } from './packing/published-package.ts';

// What `npm run pack` runs: the packages that others install, compiled, as tarballs in dist/.
const DIST = resolve(import.meta.dirname, '../dist');

const staging = resolve(DIST, 'packages');
await mkdir(staging, { recursive: true });
for (const published of PUBLISHED) {
  const tarball = await pack(await stage(published, staging), DIST);
  console.log(relative(process.cwd(), tarball));
}
