import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { sampleOf } from './fault-portal.ts';
import { usePortal } from './use-portal.ts';

const PACKAGE = new URL('../', import.meta.url);

describe('README', () => {
  const here = usePortal();

  it('has an example that runs as it stands, but for the address', async () => {
    const text = await readFile(new URL('README.md', PACKAGE), 'utf8');
    const example = /```ts client\n([\s\S]*?)```/.exec(text)?.[1];
    const address = 'ws://127.0.0.1:8090/ws';
    expect(example).toContain(address);
    here.portal.samples.set('sensor.archive.host.cpu_load', sampleOf('cpu_load', 'NaN'));
    here.portal.scripts.set('history', ({ start, end }) => {
      expect(Number(end) - Number(start)).toBe(3600);
      return { result: { component: 'host', sensor: 'cpu_load', samples: [], through: 1 } };
    });
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module-typescript', '--eval', example!.replace(address, here.portal.url)],
      { cwd: PACKAGE, timeout: 20_000 },
    );
    // The answer and the snapshot may come in one turn: then the handler runs before the code behind `await`.
    expect(stdout.trim().split('\n').sort()).toEqual([
      '0 samples of host.cpu_load',
      '1 sensors have a value',
      'sensor.archive.host.cpu_load NaN nominal',
    ]);
  });
});
