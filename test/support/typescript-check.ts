import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Checks programs as `tsc` would check a file in the repository's root, under the repository's own settings.
 * @param programs their texts by a name that the messages are to have, such as `README-4.ts`
 * @returns one line for each error
 */
export function typeErrors(programs: ReadonlyMap<string, string>): readonly string[] {
  const texts = new Map([...programs].map(([name, text]) => [join(ROOT, name), text]));
  const config = ts.getParsedCommandLineOfConfigFile(
    join(ROOT, 'tsconfig.json'),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
      },
    },
  );
  if (config === undefined) throw new Error('tsconfig.json cannot be read');
  const files = ts.createCompilerHost(config.options);
  const host: ts.CompilerHost = {
    ...files,
    fileExists: (path) => texts.has(path) || files.fileExists(path),
    readFile: (path) => texts.get(path) ?? files.readFile(path),
    getSourceFile: (path, options, ...rest) => {
      const text = texts.get(path);
      if (text === undefined) return files.getSourceFile(path, options, ...rest);
      return ts.createSourceFile(path, text, options);
    },
  };
  const program = ts.createProgram([...texts.keys()], config.options, host);
  return [...texts.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    return ts.getPreEmitDiagnostics(program, source).map(({ file, start, messageText }) => {
      const line = (file?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0) + 1;
      return `${file?.fileName.slice(ROOT.length + 1)}:${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}
