import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { PINNED_VERSION } from '@katbus/cli/nats-server';
import { CASSANDRA_VERSION } from '../../tools/cassandra/jars.ts';

const ROOT = resolve(import.meta.dirname, '../..');

interface Service {
  readonly image: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly healthcheck: { readonly test: readonly string[] };
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const text = await readFile(join(ROOT, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const ours = services.filter(([, { image }]) => image === 'katbus');

// The specification leaves types out where they are plain: ajv would warn of each.
const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictTypes: false });
const schema = JSON.parse(await readFile(join(import.meta.dirname, 'compose-spec.json'), 'utf8')) as object;
const isCompose = ajv.compile(schema);

test('docker-compose.yml is what the Compose Specification says', () => {
  expect(isCompose(compose), JSON.stringify(isCompose.errors, null, 2)).toBe(true);
});

test.each([
  ['a service with an unknown key', { services: { a: { image: 'x', comand: 'y' } } }],
  ['a health check of another shape', { services: { a: { image: 'x', healthcheck: { tests: ['true'] } } } }],
  ['ports that are no list', { services: { a: { image: 'x', ports: 'all' } } }],
])('the schema refuses %s', (_what, wrong) => {
  expect(isCompose(wrong)).toBe(false);
});

test('every volume, file and service that is named is there', () => {
  for (const [name, service] of services) {
    for (const volume of service.volumes ?? []) {
      const source = volume.split(':')[0] ?? '';
      const isThere = source.startsWith('./') ? existsSync(join(ROOT, source)) : source in compose.volumes;
      expect(isThere, `${name}: ${volume}`).toBe(true);
    }
    for (const other of Object.keys(service.depends_on ?? {})) expect(compose.services).toHaveProperty(other);
  }
});

test('durations are spelt as Docker reads them, which the schema does not look at', () => {
  const durations = text.matchAll(
    /^ *(?:interval|timeout|start_period|start_interval|stop_grace_period): (.*)$/gm,
  );
  const spelt = [...durations].map(([, duration]) => duration);
  expect(spelt.length).toBeGreaterThan(0);
  for (const duration of spelt) expect(duration).toMatch(/^\d+(ms|s|m|h)$/);
});

test('only this machine reaches what is published', () => {
  for (const [name, { ports = [] }] of services) {
    for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  }
});

test('nats-server is of the version that everything else is tested with', () => {
  expect(compose.services.nats?.image).toBe(`nats:${PINNED_VERSION}-alpine`);
});

test('Cassandra too, and it starts only when asked for', () => {
  expect(compose.services.cassandra?.image).toBe(`cassandra:${CASSANDRA_VERSION}`);
  expect(compose.services.cassandra?.profiles).toEqual(['cassandra']);
});

describe.each(ours)('service %s', (_name, service) => {
  const [command = '', ...commandArguments] = service.command;
  test('has a command, options and environment variables that katbus knows', async () => {
    const main = join(ROOT, 'packages/cli/src/main.ts');
    const { stdout: known } = await promisify(execFile)(process.execPath, [main, command, '--help']);
    expect(known).toContain(`katbus ${command}`);
    const options = commandArguments.filter((argument) => argument.startsWith('--'));
    for (const option of options) expect(known).toMatch(new RegExp(`${option}\\b`));
    for (const variable of Object.keys(service.environment ?? {})) expect(known).toContain(variable);
  });

  test('is asked for its health on the port that it is given', () => {
    const port = commandArguments[commandArguments.findIndex((argument) => argument.endsWith('port')) + 1];
    expect(port).toMatch(/^\d+$/);
    expect(service.healthcheck.test.join(' ')).toContain(`127.0.0.1:${port}/healthz`);
  });
});
