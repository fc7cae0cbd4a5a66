import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../..');

export interface CompileRequest {
  /** Folder of TypeScript files. */
  readonly source: string;
  readonly target: string;
  /** Declarations of other packages, by the name under which they are imported. */
  readonly declarations: Readonly<Record<string, string[]>>;
}

export class CompileError extends Error {
  readonly code = 'COMPILE';
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(`the compiler has ${lines.length} errors:\n${lines.join('\n')}`);
    this.name = 'CompileError';
    this.lines = lines;
  }
}

/** Writes JavaScript, declarations and source maps, under the repository's own settings. @throws {CompileError} */
export function compile({ source, target, declarations }: CompileRequest): void {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      ...config.compilerOptions,
      noEmit: false,
      rootDir: source,
      outDir: target,
      declaration: true,
      sourceMap: true,
      inlineSources: true,
      rewriteRelativeImportExtensions: true,
      paths: declarations,
    },
    ROOT,
  );
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(source, name));
  const program = ts.createProgram(files, options);
  const { diagnostics } = program.emit();
  const all = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (all.length === 0) return;
  throw new CompileError(
    all.map(({ file, start, messageText }) => {
      const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
      return `${file?.fileName.slice(ROOT.length + 1)}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    }),
  );
}
