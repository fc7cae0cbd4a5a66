import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

export interface StepResult {
  readonly name: string;
  readonly isOk: boolean;
  /** In a few words, for the closing table. */
  readonly detail: string;
  readonly durationMs: number;
}

/** Runs one step, says its name before, and never rejects: a step that throws has failed. */
export async function runStep(name: string, action: () => Promise<string>): Promise<StepResult> {
  console.log(`\n--- ${name}`);
  const startMs = performance.now();
  const outcome = await action().then(
    (detail) => ({ isOk: true, detail }),
    (error: unknown) => ({ isOk: false, detail: error instanceof Error ? error.message : String(error) }),
  );
  return { name, ...outcome, durationMs: performance.now() - startMs };
}

/**
 * Runs the command of a package that is installed here, its output going straight to ours.
 * @throws {Error} when its exit code is not 0
 */
export async function runCommand(
  packageName: string,
  commandArguments: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const child = spawn(process.execPath, [commandPath(packageName), ...commandArguments], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (code !== 0) throw new Error(signal === null ? `exit code ${code}` : `ended by ${signal}`);
}

/** The script itself, not node_modules/.bin: that holds shell scripts on Windows. */
function commandPath(packageName: string): string {
  const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: string | Record<string, string> };
  const path = typeof bin === 'string' ? bin : bin[packageName === 'typescript' ? 'tsc' : packageName];
  if (path === undefined) throw new Error(`${packageName} has no command`);
  return resolve(dirname(manifest), path);
}
