import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PortalClient } from '../src/index.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { LiveSystem } from '../../../test/support/live-system.ts';

const PACKAGE = new URL('../', import.meta.url);

describe('README', () => {
  let katbus: LiveSystem;
  beforeAll(async () => {
    katbus = await LiveSystem.start({ backend: 'memory' });
  });
  afterAll(() => katbus.stop());

  it('has an example that runs as it stands, but for the address', async () => {
    const text = await readFile(new URL('README.md', PACKAGE), 'utf8');
    const example = /```ts client\n([\s\S]*?)```/.exec(text)?.[1];
    const address = 'ws://127.0.0.1:8090/ws';
    expect(example).toContain(address);
    const broker = await katbus.join('host');
    broker.addSensor({ name: 'cpu.load', type: 'float' }).update(NaN);
    const client = new PortalClient({ url: katbus.websocketUrl });
    const range = { sensor: 'host.cpu_load', start: 0, end: Date.now() / 1000 + 10 };
    await waitFor(async () => (await client.history(range)).samples.length === 1, {
      what: 'the archived sample',
    });
    client.close();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module-typescript', '--eval', example!.replace(address, katbus.websocketUrl)],
      { cwd: PACKAGE, timeout: 20_000 },
    );
    // The answer and the snapshot may come in one turn: then the handler runs before the code behind `await`.
    expect(stdout.trim().split('\n').sort()).toEqual([
      '1 samples of host.cpu_load',
      '1 sensors have a value',
      'sensor.archive.host.cpu_load NaN nominal',
    ]);
  });
});
