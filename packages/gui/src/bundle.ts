import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, stop } from 'esbuild';

/** One file of the page as the portal serves it. */
export interface PageFile {
  readonly contentType: string;
  readonly body: Uint8Array;
}

const PAGE = new URL('./page/', import.meta.url);

/**
 * The page by path, bundled in memory: whoever runs Katbus from its sources needs no build step.
 *
 * It takes a fraction of a second, so it is done once, when the portal starts.
 * @throws what esbuild throws when a source does not compile
 */
export async function bundlePage(): Promise<ReadonlyMap<string, PageFile>> {
  const source = (name: string) => fileURLToPath(new URL(name, PAGE));
  const [bundled, html, icon] = await Promise.all([
    build({
      entryPoints: [
        { in: source('main.ts'), out: 'app' },
        { in: source('app.css'), out: 'app' },
      ],
      // Nothing is written; the folder only names the outputs.
      outdir: '/',
      write: false,
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      legalComments: 'none',
      logLevel: 'silent',
    }),
    readFile(source('index.html')),
    readFile(source('favicon.svg')),
  ]);
  // Its service would stay beside the portal as a process of its own.
  await stop();
  const output = (ending: string) => {
    const found = bundled.outputFiles.find(({ path }) => path.endsWith(ending));
    if (found === undefined) throw new Error(`esbuild gave no ${ending}`);
    return found.contents;
  };
  return new Map<string, PageFile>([
    ['/', { contentType: 'text/html; charset=utf-8', body: html }],
    ['/app.js', { contentType: 'text/javascript; charset=utf-8', body: output('app.js') }],
    ['/app.css', { contentType: 'text/css; charset=utf-8', body: output('app.css') }],
    ['/favicon.svg', { contentType: 'image/svg+xml', body: icon }],
  ]);
}
