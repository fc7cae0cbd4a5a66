import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeApiDocs } from '../../tools/packing/api-docs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('the API reference is made from the docstrings, all of whose links lead somewhere', async () => {
  await using folder = await temporaryFolder('api');
  expect(await writeApiDocs(folder.path)).toEqual([]);
  const page = await readFile(join(folder.path, 'classes/_katbus_client.PortalClient.html'), 'utf8');
  expect(page).toContain('A client of the portal');
  expect(page).toContain('subscribe');
}, 120_000);
