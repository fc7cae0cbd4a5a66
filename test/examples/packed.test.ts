import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PUBLISHED, pack, stage } from '../../tools/packing/published-package.ts';
import { launchChromium } from '../../tools/requirements/index.ts';
import { parseMarkdown } from '../support/documents.ts';
import { LiveSystem } from '../support/live-system.ts';
import { requires } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const EXAMPLES = join(ROOT, 'examples/javascript');
const TSC = join(ROOT, 'node_modules/typescript/lib/tsc.js');
const describeWithChromium = await requires('chromium');
const run = promisify(execFile);

/** A project that knows Katbus only by the tarballs. */
let project: TemporaryFolder;
const sizes: Record<string, number> = {};
beforeAll(async () => {
  project = await temporaryFolder('project');
  await using staging = await temporaryFolder('staging');
  const tarballs: string[] = [];
  for (const published of PUBLISHED) {
    const tarball = await pack(await stage(published, staging.path), project.path);
    sizes[published.name] = (await readFile(tarball)).length;
    tarballs.push(`./${basename(tarball)}`);
  }
  await writeFile(
    join(project.path, 'package.json'),
    '{ "name": "observatory", "private": true, "type": "module" }',
  );
  const words = ['install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs];
  await run('npm', words, { cwd: project.path });
  for (const file of ['component.js', 'watch.js', 'page.html'])
    await copyFile(join(EXAMPLES, file), join(project.path, file));
}, 180_000);
afterAll(() => project.remove());

describe('the packed packages', () => {
  it('hold what a user needs and nothing of our tests', async () => {
    const { stdout } = await run('npm', ['ls', '--all', '--parseable'], { cwd: project.path });
    expect(stdout).toContain(join('node_modules', '@katbus', 'client'));
    const lib = join(project.path, 'node_modules/@katbus');
    expect(await readFile(join(lib, 'client/README.md'), 'utf8')).toContain('(PROTOCOL.md)');
    expect(await readFile(join(lib, 'client/PROTOCOL.md'), 'utf8')).toContain('# ');
    expect(await readFile(join(lib, 'bus/SUBJECTS.md'), 'utf8')).toContain('# Subjects');
    for (const [name, bytes] of Object.entries(sizes)) expect(bytes, name).toBeLessThan(600_000);
    for (const { name } of PUBLISHED) {
      const manifest = await readFile(join(lib, name, 'package.json'), 'utf8');
      expect(manifest).not.toMatch(/src\/|prepack/);
    }
  });

  it('have types that a strict TypeScript project can use', async () => {
    const program = `
      import { Broker, type Sensor } from '@katbus/bus';
      import { PortalClient, decodeFloat } from '@katbus/client';
      const client = new PortalClient({ url: 'ws://127.0.0.1/ws' });
      client.subscribe(['sensor.>'], { onSample: (sample) => decodeFloat(sample.value)?.toFixed(1) });
      const broker = await Broker.connect({ component: 'wx' });
      const wind: Sensor = broker.addSensor({ name: 'wind', type: 'float', units: 'm/s' });
      wind.update(1, { status: 'warn' });
      // @ts-expect-error no such status
      wind.update(1, { status: 'fine' });
      // @ts-expect-error no such option
      new PortalClient({ address: 'ws://127.0.0.1/ws' });
    `;
    await writeFile(join(project.path, 'use.ts'), program);
    const options = ['--strict', '--noEmit', '--skipLibCheck', '--target', 'es2025', '--module', 'nodenext'];
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
    const checked = run(process.execPath, [TSC, ...options, ...types, 'use.ts'], { cwd: project.path });
    await expect(
      checked.catch((error: { stdout: string }) => Promise.reject(new Error(error.stdout))),
    ).resolves.toBeDefined();
  });
});

describe('examples/README.md', () => {
  it('names the tarballs that are packed, and files that are there', async () => {
    const { blocks } = parseMarkdown(await readFile(join(ROOT, 'examples/README.md'), 'utf8'));
    const words = blocks.flatMap(({ text }) => text.split(/\s+/));
    const tarballs = words.filter((word) => word.endsWith('.tgz')).map((word) => basename(word));
    expect(tarballs.sort()).toEqual(
      (await readdir(project.path)).filter((name) => name.endsWith('.tgz')).sort(),
    );
    const files = words.filter((word) => word.startsWith('examples/'));
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect(existsSync(join(ROOT, file)), file).toBe(true);
  });
});

describe('a plain JavaScript project', () => {
  it('publishes with the component and reads with the client', async () => {
    await using katbus = await LiveSystem.start({ backend: 'memory' });
    const env = { ...process.env, KATBUS_NATS: katbus.nats.url, KATBUS_PORTAL_WS: katbus.websocketUrl };
    const node = async (...words: string[]) =>
      (await run(process.execPath, words, { cwd: project.path, env, timeout: 20_000 })).stdout;
    expect(await node('component.js')).toBe('published\n');
    expect(await node('watch.js')).toMatch(/^nightly_backup_duration = [\d.]+ \(nominal\)$/m);
    await expect(node('watch.js', 'rpc.>')).rejects.toThrow(/subjectNotAllowed: "rpc\.>" must begin/);
  });
});

describeWithChromium('a page without a bundler', () => {
  it('loads the client from one file of the package and shows live values', async () => {
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://page').pathname;
      const type = path.endsWith('.js') ? 'text/javascript' : 'text/html';
      readFile(join(project.path, path)).then(
        (content) => response.setHeader('content-type', type).end(content),
        () => response.writeHead(404).end(),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using katbus = await LiveSystem.start({ backend: 'memory', allowedOrigins: [origin] });
    const broker = await katbus.join('host');
    const load = broker.addSensor({ name: 'load', type: 'float', sampling: { archiveIntervalSeconds: 0 } });
    load.update(NaN);
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const portal = encodeURIComponent(katbus.websocketUrl);
      await page.goto(`${origin}/page.html?portal=${portal}`);
      await page.getByText('NaN nominal').waitFor();
      load.update(0.5, { status: 'warn' });
      await page.getByText('0.5 warn').waitFor();
      expect(await page.textContent('#state')).toBe('open');
    } finally {
      await browser.close();
      server.close();
    }
  });
});
