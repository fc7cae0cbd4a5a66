import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DOCUMENT_PARSERS } from '../support/document-parsers.ts';
import { brokenLinks, commandsOf, parseMarkdown } from '../support/documents.ts';
import type { FencedBlock } from '../support/documents.ts';
import { KatbusUp, plainEnvironment } from '../support/katbus-up.ts';
import { requires } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { typeErrors } from '../support/typescript-check.ts';
import { waitFor } from '../support/wait-for.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const describeWithCurl = await requires('curl');

/** Where examples of the documents are; every other name is the real one. */
const PORTAL = '127.0.0.1:8090';

/** Tags beside those of the parsers, and what is done with their blocks. */
const OTHER_TAGS = {
  text: 'nothing: figures and such',
  'sh setup': 'its commands are known to package.json; .ci/run runs them',
  'sh start': 'the same; the end-to-end test of `katbus up` runs it',
  'sh test': 'the same; this is it',
  'sh run': 'run, line by line, while the whole system runs',
  'sql day': 'run on real files by packages/store/test/storage-document.test.ts',
  'sql chunks': 'the same',
  'sql catalogue': 'the same',
  'ts component': 'type-checked and run, while the whole system runs, before the others',
  'ts client': 'type-checked and run, while the whole system runs',
} as const;

const documents = readdirSync(ROOT)
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, ...parseMarkdown(readFileSync(join(ROOT, name), 'utf8')) }));
const blocks = documents.flatMap(({ name, blocks }) => blocks.map((block) => ({ name, ...block })));
const tagged = (...tags: readonly (keyof typeof OTHER_TAGS)[]) =>
  blocks.filter(({ tag }) => (tags as readonly string[]).includes(tag));

function unknownTags(of: readonly (FencedBlock & { name: string })[]): readonly string[] {
  return of
    .filter(({ tag }) => !DOCUMENT_PARSERS.has(tag) && !(tag in OTHER_TAGS))
    .map(({ name, line, tag }) => `${name}:${line}: ${tag === '' ? 'no tag' : tag}`);
}

test('every fenced block has a tag that this test knows', () => {
  expect(blocks.length).toBeGreaterThan(20);
  expect(unknownTags(blocks)).toEqual([]);
});

test.each(blocks.filter(({ tag }) => DOCUMENT_PARSERS.has(tag)))(
  '$name:$line, $tag, is read by the real parser',
  ({ tag, text }) => {
    expect(() => DOCUMENT_PARSERS.get(tag)?.(text)).not.toThrow();
  },
);

test.each(documents)('the links of $name lead somewhere', (document) => {
  const anchorsOf = (path: string) => {
    const file = join(ROOT, path);
    if (!existsSync(file)) return undefined;
    return path.endsWith('.md') ? parseMarkdown(readFileSync(file, 'utf8')).anchors : new Set<string>();
  };
  expect(brokenLinks(document, anchorsOf)).toEqual([]);
});

test.each(tagged('sh setup', 'sh start', 'sh test'))('the commands of $name:$line are there', ({ text }) => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const command of commandsOf(text).flatMap((line) => line.split(' && '))) {
    const script = /^npm (?:run )?(\S+)$/.exec(command)?.[1] ?? command;
    if (command !== 'npm ci') expect(manifest.scripts, command).toHaveProperty([script]);
  }
});

test('the programs of the documents pass the type check', () => {
  const programs = tagged('ts component', 'ts client').map(({ name, line, text }): [string, string] => [
    `${name.replace('.md', '')}-${line}.ts`,
    text,
  ]);
  expect(typeErrors(new Map(programs))).toEqual([]);
});

describe('while the whole system runs', () => {
  let up: KatbusUp;
  let curlSettings: TemporaryFolder;
  beforeAll(async () => {
    up = await KatbusUp.run();
    curlSettings = await temporaryFolder('curl');
    // Without it curl is content with any answer.
    await writeFile(join(curlSettings.path, '.curlrc'), 'fail\n');
  }, 120_000);
  afterAll(async () => {
    await up.stop();
    await curlSettings.remove();
  });

  /** In a shell of the repository's folder; the documents' addresses become those of the running system. */
  async function run(file: string, commandArguments: readonly string[]): Promise<string> {
    const env = {
      ...plainEnvironment(),
      PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH ?? ''].join(delimiter),
      KATBUS_PORTAL: up.portalUrl,
      KATBUS_NATS: up.natsUrl,
      CURL_HOME: curlSettings.path,
    };
    const options = { cwd: ROOT, env, timeout: 30_000 };
    const { stdout } = await promisify(execFile)(file, commandArguments, options);
    return stdout;
  }
  const here = (text: string) => text.replaceAll(PORTAL, new URL(up.portalUrl).host);
  const runProgram = (text: string) =>
    run(process.execPath, ['--input-type=module-typescript', '-e', here(text)]);

  test.each(tagged('ts component'))(
    'the component of $name:$line publishes what it says',
    async ({ text }) => {
      await runProgram(text.replace('.connect({', `.connect({ servers: '${up.natsUrl}',`));
      const component = /component: '(\w+)'/.exec(text)?.[1] ?? '';
      const sensor = `${component}.${/name: '([^']+)'/.exec(text)?.[1]}`;
      const samples = await waitFor(
        async () => run('katbus', ['history', sensor, '--from', '-5m', '--format', 'csv']),
        { what: `${sensor} to be archived` },
      );
      for (const [, value = ''] of text.matchAll(/\.update\(([^,)]+)/g))
        expect(samples).toContain(`,${value}`);
    },
  );

  test.each(tagged('ts client'))('the client of $name:$line gets what it asks for', async ({ text }) => {
    expect(await runProgram(text)).not.toBe('');
  });

  const shell = (command: string) => run('/bin/sh', ['-euc', here(command)]);
  async function succeeds({ command }: { command: string }): Promise<void> {
    // A first sample of each sensor is archived at once, but what asks for it may be quicker still.
    const options = { what: `${command} to succeed`, timeoutMs: 20_000, intervalMs: 500 };
    expect((await waitFor(() => shell(command), options)).trim()).not.toBe('');
  }
  const commands = tagged('sh run').flatMap(({ name, line, text }) =>
    commandsOf(text).map((command) => ({ name, line, command })),
  );
  const isCurl = ({ command }: { command: string }) => /\bcurl\b/.test(command);

  test.each(commands.filter((command) => !isCurl(command)))('$name:$line: $command', succeeds);

  describeWithCurl('with curl', () => {
    test.each(commands.filter(isCurl))('$name:$line: $command', succeeds);

    test('an address that answers with an error is an error here', async () => {
      await expect(shell(`curl -s http://${PORTAL}/api/nothing`)).rejects.toThrow();
    });
  });
});

describe('the checks', () => {
  const MARKDOWN = [
    '# A title: `code` & [link](x)!',
    'See [there](OTHER.md#part), [here](#again), [away](https://example.org), `[not](a-link)`.',
    '## Again',
    '## Again',
    '- item',
    '',
    '  ```json sample',
    '  { "name": 1 }',
    '  ```',
    '```',
    '# no heading, [no](link)',
    '```',
  ].join('\n');
  const document = parseMarkdown(MARKDOWN);

  test('find blocks with their lines and tags, links, and headings as GitHub names them', () => {
    expect(document.blocks).toEqual([
      { line: 8, tag: 'json sample', text: '{ "name": 1 }' },
      { line: 11, tag: '', text: '# no heading, [no](link)' },
    ]);
    expect(document.links).toEqual([
      { line: 1, path: 'x', anchor: '' },
      { line: 2, path: 'OTHER.md', anchor: 'part' },
      { line: 2, path: '', anchor: 'again' },
    ]);
    expect([...document.anchors]).toEqual(['a-title-code--link', 'again', 'again-1']);
    expect(() => parseMarkdown('text\n```sh run\nls')).toThrow('the fence of line 2 is not closed');
  });

  test('refuse a block without a tag, or with one that is not known', () => {
    const odd = [{ name: 'A.md', line: 1, tag: 'json nothing', text: '' }];
    expect(unknownTags(document.blocks.map((block) => ({ name: 'A.md', ...block })))).toEqual([
      'A.md:11: no tag',
    ]);
    expect(unknownTags(odd)).toEqual(['A.md:1: json nothing']);
  });

  test('refuse an example that the real parser refuses', () => {
    const parse = (tag: string, text: string) => () => DOCUMENT_PARSERS.get(tag)?.(text);
    expect(parse('json sample', '{ "name": "wx_rain" }')).toThrow('time must have required property');
    expect(parse('json request', '{ "jsonrpc": "2.0", "id": 1, "method": "subscribe" }')).toThrow();
    expect(
      parse('csv history', 'time,iso,value_ts,status,value\n1,1970-01-01T00:00:01Z,1,nominal,2'),
    ).toThrow('would be written as');
  });

  test('refuse a link to a file or a heading that is not there', () => {
    const anchors: Record<string, ReadonlySet<string>> = { x: new Set(), 'OTHER.md': new Set(['another']) };
    expect(brokenLinks(document, (path) => anchors[path])).toEqual(['line 2: OTHER.md has no heading #part']);
    expect(brokenLinks(document, () => undefined)).toEqual([
      'line 1: there is no x',
      'line 2: there is no OTHER.md',
    ]);
  });

  test('refuse a program that does not pass the type check', () => {
    const text = `import { Broker } from '@katbus/bus';\nawait Broker.connect({ komponent: 'wx' });\n`;
    expect(typeErrors(new Map([['bad.ts', text]]))).toEqual([
      expect.stringMatching(/^bad\.ts:2: .*komponent/),
    ]);
  });

  test('read commands one a line, with comments left out and lines joined', () => {
    expect(commandsOf('# why\nls -l\n\ncat \\\n  file\n')).toEqual(['ls -l', 'cat file']);
  });
});
