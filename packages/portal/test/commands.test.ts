import { commands, type Asset } from '../src/index.ts';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../src/limits.ts';

describe('katbus portal', () => {
  test('has each limit as an option with its environment variable and default', () => {
    const [command] = commands(new Map<string, Asset>());
    expect(command?.name()).toBe('portal');
    const options = new Map(command?.options.map((option) => [option.attributeName(), option]));
    for (const [name, { default: value }] of Object.entries(LIMITS)) {
      expect(options.get(name)?.defaultValue).toBe(value);
      expect(options.get(name)?.envVar).toMatch(/^KATBUS_PORTAL_[A-Z_]+$/);
    }
    expect(options.get('port')?.defaultValue).toBe(8090);
    expect(options.get('host')?.defaultValue).toBe('127.0.0.1');
  });

  test.each([
    [['--port', '70000'], /port/],
    [['--sessions', '0'], /1 to 1000000 sessions/],
    [['--outbox-bytes', 'many'], /bytes/],
    [['--joinreads', '1'], /unknown option/],
  ])('refuses %j', (argv, reason) => {
    const [command] = commands();
    command?.exitOverride().configureOutput({ writeErr: () => undefined });
    expect(() => command?.parse(argv, { from: 'user' })).toThrow(reason);
  });
});
