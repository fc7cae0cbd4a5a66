import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { compile } from './compile.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The packages that others install, each after those that it imports. The documents travel with the package that they specify. */
export const PUBLISHED = [
  { name: 'protocol', documents: [] },
  { name: 'bus', documents: ['SUBJECTS.md'] },
  { name: 'client', documents: ['PROTOCOL.md'] },
] as const;
export type PublishedPackage = (typeof PUBLISHED)[number];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly scripts?: unknown;
}

/**
 * Makes what npm packs of a package in a folder of its own: JavaScript and declarations, since Node refuses TypeScript below node_modules, with a manifest that says so.
 * The sources' own manifest names TypeScript files, and npm cannot replace `exports` while it packs.
 * @throws {CompileError}
 */
export async function stage({ name, documents }: PublishedPackage, staging: string): Promise<string> {
  const source = join(ROOT, 'packages', name);
  const target = join(staging, name);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  compile({
    source: join(source, 'src'),
    target: join(target, 'lib'),
    declarations: declarationsIn(staging),
  });
  const manifest = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as Manifest;
  const exports: Record<string, string | Record<string, string>> = {};
  for (const [path, file] of Object.entries(manifest.exports)) {
    const compiled = file.replace('./src/', './lib/').replace(/\.ts$/, '');
    exports[path] = { types: `${compiled}.d.ts`, default: `${compiled}.js` };
  }
  if (name === 'client') exports['./browser'] = await browserBundle(source, target);
  await writeFile(
    join(target, 'package.json'),
    `${JSON.stringify({ ...manifest, scripts: undefined, exports, files: ['lib', '*.md'] }, null, 2)}\n`,
  );
  await cp(join(ROOT, 'LICENSE'), join(target, 'LICENSE'));
  for (const document of documents) await cp(join(ROOT, document), join(target, document));
  await stageReadme(source, target, documents);
  return target;
}

/** Packs what {@link stage} made. @returns the tarball's path */
export async function pack(staged: string, destination: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', destination],
    { cwd: staged, shell: process.platform === 'win32' },
  );
  const [packed] = JSON.parse(stdout) as [{ filename: string }];
  return join(destination, packed.filename);
}

/** One file without imports: what a page loads that is made without a bundler. */
async function browserBundle(source: string, target: string): Promise<Record<string, string>> {
  await build({
    entryPoints: [join(source, 'src/index.ts')],
    outfile: join(target, 'lib/browser.js'),
    bundle: true,
    minify: true,
    sourcemap: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'warning',
  });
  return { types: './lib/index.d.ts', default: './lib/browser.js' };
}

/** In the package, its documents lie beside the README and not two folders up. */
async function stageReadme(source: string, target: string, documents: readonly string[]): Promise<void> {
  const readme = join(source, 'README.md');
  if (!existsSync(readme)) return;
  let text = await readFile(readme, 'utf8');
  for (const document of documents) text = text.replaceAll(`../../${document}`, document);
  await writeFile(join(target, 'README.md'), text);
}

/** Where the compiler finds the declarations of the packages that were staged before. */
function declarationsIn(staging: string): Record<string, string[]> {
  return {
    '@katbus/protocol': [join(staging, 'protocol/lib/index.d.ts')],
    '@katbus/protocol/schemas': [join(staging, 'protocol/lib/schemas/index.d.ts')],
  };
}
