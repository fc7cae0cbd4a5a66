import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

/** Of the client and of what it takes from the protocol; 17.9 kB when this was written. */
const MOST_OWN_BYTES = 20_000;

describe('the client as a browser gets it', () => {
  it('bundles without Node modules, needs no eval, and is small', async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [new URL('../src/index.ts', import.meta.url).pathname],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      write: false,
      metafile: true,
      logLevel: 'silent',
    });
    expect(outputFiles[0]!.text).not.toMatch(/\beval\(|new Function\b/);
    const [output] = Object.values(metafile.outputs);
    const own = Object.entries(output!.inputs).filter(([path]) => path.includes('packages/'));
    const ownBytes = own.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
    expect(ownBytes).toBeGreaterThan(1_000);
    expect(ownBytes).toBeLessThan(MOST_OWN_BYTES);
  });
});
