import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

/** Which packages may import which; `all` in the document is every other one. */
export type LayerTable = ReadonlyMap<string, ReadonlySet<string>>;

/** One source file: its path from the root (`packages/bus/src/broker.ts`) and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Modules that only one place may import, so that the rest of the program does not depend on them. */
const KEPT_APART: readonly { readonly module: RegExp; readonly folder: string }[] = [
  { module: /^@nats-io\//, folder: 'packages/bus/src/nats/' },
  { module: /^ws$/, folder: 'packages/portal/src/websocket/' },
  { module: /^cassandra-driver$/, folder: 'packages/store/src/backend/cassandra/' },
];

/** These run in browsers too. */
const BROWSER_SAFE = ['packages/protocol/', 'packages/client/', 'packages/gui/src/page/'];

/** Programs take options from the command line, which reads the environment; only this search has no command line. */
const READS_ENVIRONMENT = 'packages/cli/src/nats-server/';

/**
 * The table under `## Packages`: | package | what lives there | may import |.
 * @throws {Error} when there is none, or when a cell names a package that has no row
 */
export function parseLayerTable(document: string): LayerTable {
  const section = /^## Packages$([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(document)?.[1] ?? '';
  const rows = [...section.matchAll(/^\| `(?:packages\/)?(\w+)` *\|[^|]*\| *([^|]*?) *\|$/gm)];
  const names = rows.map(([, name = '']) => name);
  if (names.length === 0) throw new Error('no table of packages under "## Packages"');
  const table = new Map<string, ReadonlySet<string>>();
  for (const [, name = '', cell = ''] of rows) {
    const listed = cell.startsWith('nothing') ? [] : cell === 'all' ? names : cell.split(/, */);
    const strange = listed.find((other) => !names.includes(other));
    if (strange !== undefined) throw new Error(`${name} may import ${strange}, which has no row`);
    table.set(name, new Set(listed.filter((other) => other !== name)));
  }
  return table;
}

/** What a file imports, statically, dynamically, or to export again; comments and strings are not looked at. */
export function importsOf(file: SourceFile): readonly string[] {
  return ts.preProcessFile(file.text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** One line for each import that the table, or one of the rules above, forbids. */
export function layerViolations(files: readonly SourceFile[], table: LayerTable): readonly string[] {
  return files.flatMap((file) => {
    const name = file.path.split('/')[1] ?? '';
    const allowed = table.get(name);
    if (allowed === undefined) return [`${file.path}: package ${name} has no row in the table`];
    const forbidden = importsOf(file).flatMap((module) => {
      const reason = whyForbidden(file.path, name, module, allowed);
      return reason === undefined ? [] : [`${file.path} imports ${module}: ${reason}`];
    });
    const readsEnvironment =
      /\bprocess\s*\.\s*env\b/.test(file.text) && !file.path.startsWith(READS_ENVIRONMENT);
    return readsEnvironment
      ? [...forbidden, `${file.path} reads process.env: use an option's env()`]
      : forbidden;
  });
}

function whyForbidden(
  path: string,
  name: string,
  module: string,
  allowed: ReadonlySet<string>,
): string | undefined {
  if (module.startsWith('.')) {
    const target = posix.join(posix.dirname(path), module);
    return target.startsWith(`packages/${name}/`) ? undefined : 'a relative path out of the package';
  }
  const other = /^@katbus\/([^/]+)/.exec(module)?.[1];
  if (other !== undefined) {
    if (other === name) return 'its own package by name';
    return allowed.has(other) ? undefined : `${name} may not import ${other}`;
  }
  const apart = KEPT_APART.find((rule) => rule.module.test(module));
  if (apart !== undefined && !path.startsWith(apart.folder)) return `only in ${apart.folder}`;
  if (module.startsWith('node:') && BROWSER_SAFE.some((folder) => path.startsWith(folder))) {
    return 'it is to run in browsers too';
  }
  return undefined;
}

/** One line for each dependency of a package.json that nothing imports, and for each import that it does not declare. */
export function dependencyViolations(
  name: string,
  declared: readonly string[],
  files: readonly SourceFile[],
): readonly string[] {
  const external = files.flatMap(importsOf).filter((module) => !/^(\.|node:)/.test(module));
  const imported = new Set(external.map((module) => /^(@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? module));
  return [
    ...declared
      .filter((module) => !imported.has(module))
      .map((module) => `${name}: ${module} is never imported`),
    ...[...imported]
      .filter((module) => !declared.includes(module))
      .map((module) => `${name}: ${module} is not declared`),
  ];
}

/** Every source file of the packages below `root`; tests are not among them. */
export function packageSources(root: string): readonly SourceFile[] {
  return readdirSync(join(root, 'packages')).flatMap((name) =>
    readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.[cm]?[jt]sx?$/.test(path))
      .map((path) => posix.join('packages', name, 'src', path.replaceAll('\\', '/')))
      .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
  );
}
