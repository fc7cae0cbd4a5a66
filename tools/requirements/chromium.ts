import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { chromium as playwright } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { packagedChromium } from './chromium-package.ts';
import { filesOnPath } from './program.ts';
import { missing } from './requirement.ts';
import type { Requirement } from './requirement.ts';

export interface ChromiumProgram {
  readonly path: string;
  /** Where it is from: `CHROMIUM_BIN`, `PATH`, or the npm package's name. */
  readonly source: string;
  /** What its environment needs beside ours. */
  readonly env: Readonly<Record<string, string>>;
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The Chromium to test with: CHROMIUM_BIN, else the system's, else the one that npm brings. One that does not run is passed over.
 * @throws {Error} in one line with the reason of each place
 */
export async function findChromium(
  onProgress?: (line: string) => void,
): Promise<ChromiumProgram & { version: string }> {
  const reasons: string[] = [];
  for (const program of systemPrograms()) {
    try {
      return { ...program, version: await versionOf(program) };
    } catch (error) {
      reasons.push(`${program.path} does not run: ${(error as NodeJS.ErrnoException).code ?? 'it failed'}`);
    }
  }
  if (reasons.length === 0)
    reasons.push(`CHROMIUM_BIN is not set and none of ${NAMES.join(', ')} is on PATH`);
  try {
    const program = await packagedChromium(onProgress);
    return { ...program, version: await versionOf(program) };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error([...reasons, reason].join('; '), { cause: error });
  }
}

function systemPrograms(): readonly ChromiumProgram[] {
  const named = process.env.CHROMIUM_BIN;
  return [
    ...(named ? [{ path: named, source: 'CHROMIUM_BIN', env: {} }] : []),
    ...filesOnPath(NAMES).map((path) => ({ path, source: 'PATH', env: {} })),
  ];
}

async function versionOf(program: ChromiumProgram): Promise<string> {
  const env = { ...process.env, ...program.env };
  const { stdout } = await promisify(execFile)(program.path, ['--version'], { env, timeout: 30_000 });
  return stdout.trim();
}

export const chromium: Requirement = {
  name: 'chromium',
  async find(onProgress) {
    try {
      const { version, source } = await findChromium(onProgress);
      return { state: 'found', what: `${version} from ${source}` };
    } catch (error) {
      return missing(error);
    }
  },
};

/**
 * A headless browser, to be closed by the caller. Its sandbox is off (playwright's default): it needs what containers forbid.
 * @throws {Error} when there is none
 */
export async function launchChromium(): Promise<Browser> {
  const { path, env } = await findChromium();
  const defined = Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== undefined);
  return playwright.launch({ executablePath: path, env: Object.fromEntries(defined) });
}
