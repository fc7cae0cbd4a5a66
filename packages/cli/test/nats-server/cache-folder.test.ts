import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { cacheFolder } from '@katbus/cli/nats-server';
import { isNewEnough } from '../../src/nats-server/server-version.ts';

test('KATBUS_CACHE comes before XDG_CACHE_HOME, and that before the home folder', () => {
  expect(cacheFolder({ KATBUS_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe(resolve('/a'));
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe(resolve('/b', 'katbus'));
  expect(cacheFolder({ KATBUS_CACHE: '', XDG_CACHE_HOME: '' })).toBe(join(homedir(), '.cache', 'katbus'));
});

test.each([
  ['2.12.0', true],
  ['2.12.0-RC.1', true],
  ['2.15.2', true],
  ['3.0.0', true],
  ['2.9.10', false],
  ['2.11.99', false],
  ['1.20.0', false],
])('version %s is new enough: %s', (version, answer) => {
  expect(isNewEnough(version)).toBe(answer);
});
