import { MalformedPatternError, regularExpression } from '@katbus/protocol';
import type { PortalLimits } from '../limits.ts';
import type { PortalMetrics } from '../metrics.ts';
import { RequestError, requestError } from '../rpc/errors.ts';
import { ExpressionWorker } from './expression-worker.ts';

/** What is filtered: a sensor by either of its names. */
export interface Named {
  readonly name: string;
  readonly katcpName: string | undefined;
}

/** How a request's filter is carried out. */
export interface RequestFilter {
  /** For the components and the archive, which know RE2 only; undefined: they are asked for everything. */
  readonly remote: string | undefined;
  /**
   * What they cannot do for the portal, done here; undefined: nothing is left to do.
   * @throws {RequestError} naming `filter` when it takes too long; `busy`
   */
  readonly select:
    (<Entry>(entries: readonly Entry[], nameOf: (entry: Entry) => Named) => Promise<Entry[]>) | undefined;
}

/** Regular expressions as users send them: RE2's are left to those who have the names, others run in a thread of their own. */
export class Filters {
  readonly #worker: ExpressionWorker;

  constructor({ filterBudgetMs, filtersWaiting }: PortalLimits, metrics: PortalMetrics) {
    this.#worker = new ExpressionWorker(filterBudgetMs, filtersWaiting);
    metrics.gauge('filters_given_up', 'Filters that took too long', () => this.#worker.kills);
  }

  /** @throws {RequestError} naming `filter` */
  read(source: string | undefined): RequestFilter {
    if (source === undefined) return { remote: undefined, select: undefined };
    try {
      regularExpression(source);
      return { remote: source, select: undefined };
    } catch (error) {
      if (!(error instanceof MalformedPatternError)) throw error;
      if (!error.needsBacktracking) throw requestError(error, 'filter');
      checkSyntax(source, error);
    }
    const budget = this.#worker.newBudget();
    // What comes while one batch is looked at waits here, not in the worker's queue: that has a place for each filter, not for each batch.
    let last: Promise<unknown> = Promise.resolve();
    return {
      remote: undefined,
      select: async (entries, nameOf) => {
        if (entries.length === 0) return [];
        const texts = entries.flatMap((entry) => {
          const { name, katcpName } = nameOf(entry);
          return [name, katcpName ?? name];
        });
        const matching = last.then(() => this.#worker.matches(source, texts, budget));
        last = matching.catch(() => undefined);
        const matches = await matching;
        return entries.filter((_, place) => matches[2 * place] === 1 || matches[2 * place + 1] === 1);
      },
    };
  }

  close(): Promise<void> {
    return this.#worker.close();
  }
}

/** Compiling is all that is done here: it takes a time that grows with the length, which is bounded. */
function checkSyntax(source: string, refusal: MalformedPatternError): void {
  try {
    new RegExp(source);
  } catch (error) {
    const message = `${refusal.message}; nor one of JavaScript (${error instanceof Error ? error.message : String(error)})`;
    throw new RequestError('invalidParams', message, 'filter', { cause: refusal });
  }
}
