import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dependencyViolations, layerViolations, packageSources, parseLayerTable } from '../support/layers.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const sources = packageSources(ROOT);
const packageNames = readdirSync(join(ROOT, 'packages'));

describe('the repository', () => {
  const table = parseLayerTable(readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8'));

  test('each package has its row in the table of ARCHITECTURE.md, and each row its package', () => {
    expect([...table.keys()].sort()).toEqual([...packageNames].sort());
  });

  test('imports only what the table and the rules allow', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(layerViolations(sources, table)).toEqual([]);
  });

  test.each(packageNames)('package %s declares what it imports, and imports what it declares', (name) => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    const files = sources.filter(({ path }) => path.startsWith(`packages/${name}/`));
    expect(dependencyViolations(name, Object.keys(manifest.dependencies ?? {}), files)).toEqual([]);
  });
});

describe('the checker', () => {
  const DOCUMENT = `# Architecture

## Packages

Text before it.

| package    | what lives there | may import    |
| ---------- | ---------------- | ------------- |
| \`protocol\` | words            | nothing       |
| \`bus\`      | the broker       | protocol      |
| \`portal\`   | the edge         | protocol, bus |
| \`cli\`      | the command      | all           |

## Later

| \`other\` | is no package | all |
`;
  const table = parseLayerTable(DOCUMENT);
  const violations = (path: string, text: string) =>
    layerViolations([{ path: `packages/${path}`, text }], table);

  test('reads the table of its section only', () => {
    expect([...table].map(([name, allowed]) => [name, [...allowed]])).toEqual([
      ['protocol', []],
      ['bus', ['protocol']],
      ['portal', ['protocol', 'bus']],
      ['cli', ['protocol', 'bus', 'portal']],
    ]);
    expect(() => parseLayerTable('# No table')).toThrow('no table of packages');
    expect(() => parseLayerTable(DOCUMENT.replace('| protocol      |', '| protokol      |'))).toThrow(
      'bus may import protokol, which has no row',
    );
  });

  test.each([
    ['bus/src/a.ts', `import { x } from '@katbus/protocol';\nimport './b.ts';\nimport '../src/c.ts';`],
    ['portal/src/a.ts', `import { x } from '@katbus/bus/nats';`],
    ['bus/src/nats/a.ts', `import { connect } from '@nats-io/transport-node';`],
    ['portal/src/websocket/a.ts', `import { WebSocket } from 'ws';`],
    ['cli/src/nats-server/a.ts', `const path = process.env.PATH;`],
    ['bus/src/a.ts', `// import '@katbus/portal'\nconst text = "import x from '@katbus/portal'";`],
  ])('allows in %s: %s', (path, text) => {
    expect(violations(path, text)).toEqual([]);
  });

  test.each([
    ['bus/src/a.ts', `import { x } from '@katbus/portal';`, 'bus may not import portal'],
    ['bus/src/a.ts', `import type { X } from '@katbus/portal';`, 'bus may not import portal'],
    ['bus/src/a.ts', `export { x } from '@katbus/portal/x';`, 'bus may not import portal'],
    ['bus/src/a.ts', `const x = await import('@katbus/portal');`, 'bus may not import portal'],
    ['bus/src/a.ts', `import '../../protocol/src/x.ts';`, 'a relative path out of the package'],
    ['bus/src/a.ts', `import '@katbus/bus';`, 'its own package by name'],
    ['bus/src/a.ts', `import '@nats-io/nats-core';`, 'only in packages/bus/src/nats/'],
    ['portal/src/http/a.ts', `import { WebSocket } from 'ws';`, 'only in packages/portal/src/websocket/'],
    [
      'portal/src/a.ts',
      `import driver from 'cassandra-driver';`,
      'only in packages/store/src/backend/cassandra/',
    ],
    ['protocol/src/a.ts', `import { join } from 'node:path';`, 'it is to run in browsers too'],
    ['portal/src/a.ts', `const port = process.env.PORT;`, 'reads process.env'],
    ['stray/src/a.ts', ``, 'package stray has no row'],
  ])('finds in %s: %s', (path, text, reason) => {
    expect(violations(path, text)).toEqual([expect.stringContaining(reason)]);
  });

  test('finds dependencies that are declared and unused, and used and undeclared', () => {
    const text = `import a from '@scope/used/part';\nimport { b } from 'undeclared';\nimport 'node:fs';\nimport './c.ts';`;
    const files = [{ path: 'packages/bus/src/a.ts', text }];
    expect(dependencyViolations('bus', ['@scope/used', 'unused'], files)).toEqual([
      'bus: unused is never imported',
      'bus: undeclared is not declared',
    ]);
  });
});
