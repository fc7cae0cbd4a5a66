import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { launchChromium, REQUIREMENTS } from '../../tools/requirements/index.ts';
import { requires } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';

let cache: TemporaryFolder;
beforeEach(async () => {
  cache = await temporaryFolder('cache');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await cache.remove();
});

test('nats-server is found where the program itself finds it', async () => {
  const outcome = await REQUIREMENTS['nats-server'].find();
  expect(outcome).toMatchObject({
    state: 'found',
    what: expect.stringMatching(/^2\.\d+\.\d+ from /) as string,
  });
});

const describeWithChromium = await requires('chromium');

describeWithChromium('Chromium', () => {
  test('launches without a window, draws text, and closes', async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.setContent('');
      const blank = await page.screenshot();
      await page.setContent('<h1>a sample</h1>');
      expect(await page.textContent('h1')).toBe('a sample');
      expect(blank.equals(await page.screenshot())).toBe(false);
    } finally {
      await browser.close();
    }
  });

  test('one that does not run is passed over, and two that unpack the one of npm at once do not harm each other', async ({
    skip,
  }) => {
    skip(
      process.platform !== 'linux' || process.arch !== 'x64',
      'needs linux on x64: npm has no Chromium for others',
    );
    vi.stubEnv('CHROMIUM_BIN', '/nowhere/chromium');
    vi.stubEnv('PATH', '');
    vi.stubEnv('KATBUS_CACHE', cache.path);
    const both = await Promise.all([REQUIREMENTS.chromium.find(), REQUIREMENTS.chromium.find()]);
    for (const outcome of both) {
      expect(outcome).toMatchObject({
        state: 'found',
        what: expect.stringContaining('from @sparticuz/chromium') as string,
      });
    }
  });
});
