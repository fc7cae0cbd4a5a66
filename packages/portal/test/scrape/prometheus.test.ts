import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findPrometheus } from '../../../../tools/requirements/index.ts';
import { LiveSystem } from '../../../../test/support/live-system.ts';
import { requires } from '../../../../test/support/requires.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';

const describeWithPrometheus = await requires('prometheus');

/** The configuration that README.md shows. */
const [, configuration = ''] =
  /^```yaml prometheus\n(.*?)^```$/ms.exec(
    readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8'),
  ) ?? [];

describeWithPrometheus('a real Prometheus', () => {
  test('scrapes sensors with the configuration of README.md', async () => {
    await using system = await LiveSystem.start();
    await using folder = await temporaryFolder('prometheus');
    const host = await system.join('host');
    host.addSensor({ name: 'cpu.load', type: 'float', units: '1', description: 'load' });
    host.addSensor({ name: 'memory.note', type: 'string', description: 'text' });
    host.update('cpu.load', NaN);
    host.update('memory.note', 'a "quoted" \\ line\nand another');
    const file = join(folder.path, 'prometheus.yml');
    const port = new URL(system.portalUrl).port;
    await writeFile(file, `global: { scrape_interval: 200ms }\n${configuration.replaceAll('8090', port)}`);
    const prometheus = spawn(
      await findPrometheus(),
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder.path, 'data')}`,
        '--web.listen-address=127.0.0.1:0',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const exited = once(prometheus, 'exit');
    try {
      const url = await listeningUrl(prometheus.stderr);
      const query = async (expression: string) => {
        const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
        const { data } = (await answer.json()) as {
          data: { result: { metric: Record<string, string>; value: [number, string] }[] };
        };
        return data.result;
      };
      const value = (expected: string) =>
        waitFor(
          async () =>
            (await query('katbus_sensor_value{sensor="cpu_load"}')).find(
              ({ value }) => value[1] === expected,
            ),
          { what: `Prometheus to have ${expected}`, timeoutMs: 20_000 },
        );
      await value('NaN');
      host.update('cpu.load', 0.75, { status: 'warn' });
      const { metric } = await value('0.75');
      expect(metric).toMatchObject({ component: 'host', units: '1', job: 'katbus-sensors' });
      expect((await query('katbus_sensor_info'))[0]?.metric.text).toBe('a "quoted" \\ line\nand another');
      expect((await query('up{job="katbus-sensors"}'))[0]?.value[1]).toBe('1');
      await system.nats.stop();
      await waitFor(async () => (await query('up{job="katbus-sensors"}'))[0]?.value[1] === '0', {
        what: 'Prometheus to see that there are no current values',
        timeoutMs: 20_000,
      });
    } finally {
      prometheus.kill();
      await exited;
    }
  }, 90_000);
});

/** Where it listens, as its log says. */
async function listeningUrl(log: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  log.on('data', (piece: Buffer) => (text += piece.toString()));
  return waitFor(
    () => {
      const [, address] = /msg="Listening on"[^\n]*address=(127\.0\.0\.1:\d+)/.exec(text) ?? [];
      return Promise.resolve(address === undefined ? undefined : `http://${address}`);
    },
    { what: 'Prometheus to listen', timeoutMs: 30_000 },
  );
}
