import { join, resolve } from 'node:path';
import { Application, Logger, LogLevel } from 'typedoc';

const ROOT = resolve(import.meta.dirname, '../..');

/** What others import, in the order in which a reader wants it. */
const ENTRY_POINTS = ['client/src/index.ts', 'bus/src/index.ts', 'protocol/src/index.ts'];

/**
 * Writes the API reference as HTML.
 * @returns what is wrong with the docstrings, a line each: a link that leads nowhere, a tag that is none, an exported thing whose type is not exported
 */
export async function writeApiDocs(target: string): Promise<readonly string[]> {
  const app = await Application.bootstrap({
    name: 'Katbus',
    entryPoints: ENTRY_POINTS.map((path) => join(ROOT, 'packages', path)),
    tsconfig: join(ROOT, 'tsconfig.json'),
    readme: join(ROOT, 'packages/client/README.md'),
    projectDocuments: ['SUBJECTS.md', 'PROTOCOL.md'].map((name) => join(ROOT, name)),
    excludePrivate: true,
    excludeInternal: true,
    disableSources: true,
    disableGit: true,
    githubPages: false,
    hideGenerator: true,
    // The type check is a step of its own.
    skipErrorChecking: true,
    highlightLanguages: ['csv', 'html', 'json', 'python', 'sh', 'sql', 'typescript', 'yaml'],
    validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: false },
  });
  const faults: string[] = [];
  app.logger = new CollectingLogger(faults);
  const project = await app.convert();
  if (project === undefined) return [...faults, 'nothing could be read'];
  app.validate(project);
  if (faults.length === 0) await app.generateDocs(project, target);
  return faults;
}

/** Keeps warnings and errors instead of printing them. */
class CollectingLogger extends Logger {
  readonly faults: string[];

  constructor(faults: string[]) {
    super();
    this.faults = faults;
  }

  override log(message: string, level: LogLevel): void {
    super.log(message, level);
    if (level >= LogLevel.Warn) this.faults.push(message);
  }
}
