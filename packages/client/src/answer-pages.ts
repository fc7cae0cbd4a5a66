import { PortalError } from './errors.ts';

/** How often in a row a page is asked for again after a retryable error. Asking changes nothing at the portal, so it is safe. */
const MOST_RETRIES = 3;

/**
 * All pages of one question. While the consumer works on a page, the next one is on its way already; no more than that one.
 * @throws {PortalError}
 */
export async function* answerPages<Params extends object, Page extends { readonly next?: string }>(
  ask: (params: Params & { readonly after?: string }) => Promise<Page>,
  params: Params,
): AsyncGenerator<Page, void, undefined> {
  let asked: Promise<Page> | undefined = retried(() => ask(params));
  while (asked !== undefined) {
    const page: Page = await asked;
    const { next } = page;
    asked = next === undefined ? undefined : retried(() => ask({ ...params, after: next }));
    // Whoever leaves off in the middle is not told what became of the page that was on its way.
    asked?.catch(() => undefined);
    yield page;
  }
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
