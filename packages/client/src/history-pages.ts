import type { HistoryPage, HistoryParams } from '@katbus/protocol';
import { PortalError } from './errors.ts';

/** How often in a row a page is asked for again after a retryable error. Asking changes nothing at the portal, so it is safe. */
const MOST_RETRIES = 3;

/**
 * All pages of one range, asked for one at a time, when the consumer wants the next.
 * @throws {PortalError}
 */
export async function* historyPages(
  ask: (params: HistoryParams) => Promise<HistoryPage>,
  params: Omit<HistoryParams, 'after'>,
): AsyncGenerator<HistoryPage, void, undefined> {
  let after: string | undefined;
  do {
    const page = await retried(() => ask(after === undefined ? params : { ...params, after }));
    yield page;
    after = page.next;
  } while (after !== undefined);
}

async function retried<T>(ask: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof PortalError) || error.code !== 'disconnected' || retries >= MOST_RETRIES)
        throw error;
    }
  }
}
