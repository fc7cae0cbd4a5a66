import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '@katbus/cli/nats-server';
import type { ChromiumProgram } from './chromium.ts';

/**
 * The Chromium that npm brings (`@sparticuz/chromium`, made for serverless machines): it needs no package of the system. It is
 * unpacked once into the cache, with the libraries and the font that it is made to use, and runs the same everywhere.
 * @throws {Error} on other platforms than Linux on x64, for which the package has no program
 */
export async function packagedChromium(onProgress?: (line: string) => void): Promise<ChromiumProgram> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`npm has no Chromium for ${process.platform} on ${process.arch}`);
  }
  const manifest = resolve(import.meta.dirname, '../../node_modules/@sparticuz/chromium/package.json');
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  const folder = join(cacheFolder(), 'chromium', version);
  if (!existsSync(folder)) {
    onProgress?.(`unpacking Chromium ${version} into ${folder}`);
    await unpack(folder);
  }
  return {
    path: join(folder, 'chromium'),
    source: '@sparticuz/chromium',
    env: { LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'), FONTCONFIG_PATH: join(folder, 'fonts') },
  };
}

/**
 * The package unpacks into the temporary folder, file by file, and takes a file that is there for a whole one. So it does that in a
 * process of its own whose temporary folder is a fresh one, which then is renamed: two test files at once cannot see half of it.
 */
async function unpack(folder: string): Promise<void> {
  const parent = resolve(folder, '..');
  await mkdir(parent, { recursive: true });
  const making = await mkdtemp(join(parent, '.making-'));
  try {
    const program = `import chromium from '@sparticuz/chromium'; await chromium.executablePath();`;
    // With this variable the package believes to be where the system's libraries are absent, and unpacks its own ones.
    const env = { ...process.env, TMPDIR: making, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' };
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
      env,
    });
    await writeFile(join(making, 'fonts', 'fonts.conf'), fontsConfiguration(join(folder, 'fonts')));
    await rename(making, folder).catch((error: unknown) => {
      // A folder is not replaced: another process was first.
      if (!existsSync(join(folder, 'chromium'))) throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

/** The package's own names fixed folders, so text would be drawn on machines with fonts only: on others it is blank. */
function fontsConfiguration(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}</dir>
  <cachedir>${join(folder, '.fontconfig')}</cachedir>
</fontconfig>
`;
}
