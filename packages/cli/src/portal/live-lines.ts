import type { PortalClient, SubscribeOptions, SubscriptionHandlers } from '@katbus/client';
import { parseSensorSubject, type Sample } from '@katbus/protocol';
import { CliError } from '../cli-error.ts';
import { colouredStatus, styled } from '../output/colours.ts';
import { quantityText } from '../output/quantity.ts';
import { note, write } from '../output/standard-output.ts';
import { printable, utcText } from '../output/value-text.ts';
import { AttributesCache } from './attributes-cache.ts';
import { LineQueue } from './line-queue.ts';

export interface LiveLinesOptions {
  readonly json?: true | undefined;
  /** End after so many lines. */
  readonly count?: number | undefined;
  /** End after so many milliseconds. */
  readonly duration?: number | undefined;
}

/** What came and is not printed yet. */
interface Waiting {
  readonly subject: string;
  readonly body:
    { readonly sample: Sample } | { readonly message: unknown } | { readonly attributes: unknown };
  readonly skipped: number;
  /** A strategy's time has come and there is nothing newer. */
  readonly repeat?: boolean;
}

const NAME_WIDTH = 32;

/** Prints a subscription, a line an entry, in the order in which entries came. */
export class LiveLines {
  private readonly client: PortalClient;
  private readonly options: LiveLinesOptions;
  private readonly attributes: AttributesCache;
  private readonly ended = Promise.withResolvers<void>();
  private readonly waiting = new LineQueue<Waiting>();
  private printing: 'idle' | 'busy' = 'idle';
  private printed = 0;
  private mayLeaveOut = true;

  constructor(client: PortalClient, options: LiveLinesOptions) {
    this.client = client;
    this.options = options;
    this.attributes = new AttributesCache(client);
  }

  /** Resolves when it has printed enough, its time is over, or somebody presses Ctrl-C. @throws {PortalError} */
  async follow(subjects: readonly string[], asked: SubscribeOptions): Promise<void> {
    this.mayLeaveOut = asked.mode !== 'all';
    const subscription = this.client.subscribe(subjects, this.handlers(), asked);
    const end = () => this.ended.resolve();
    const timer = this.options.duration === undefined ? undefined : setTimeout(end, this.options.duration);
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
    try {
      // The portal may take long to answer, and a person or the time may end the wait.
      const answer = await Promise.race([subscription.ready, this.ended.promise]);
      if (asked.snapshot !== false && answer?.count === 0)
        note('nothing has been published there yet: waiting');
      await this.ended.promise;
    } finally {
      clearTimeout(timer);
      process.off('SIGINT', end);
      process.off('SIGTERM', end);
      subscription.close();
    }
    const { leftOut } = this.waiting;
    if (leftOut > 0) note(`${leftOut} lines were left out: the output was not read fast enough`);
  }

  private handlers(): SubscriptionHandlers {
    return {
      onSample: (sample, subject, { skipped, repeat }) =>
        this.take({ subject, body: { sample }, skipped, repeat }),
      onMessage: (message, subject, { skipped }) => this.take({ subject, body: { message }, skipped }),
      onAttributes: (attributes, subject, { skipped }) =>
        this.take({ subject, body: { attributes }, skipped }),
      onGap: ({ from, to, reason }) => note(`gap from ${utcText(from)} to ${utcText(to)}: ${reason}`),
      onRetry: (error) => note(`not subscribed yet: ${error.message}`),
      onClosed: (error) => {
        if (error !== undefined) this.ended.reject(error);
      },
    };
  }

  private take(entry: Waiting): void {
    this.waiting.add(entry);
    if (!this.mayLeaveOut && this.waiting.leftOut > 0) {
      this.ended.reject(new CliError('the output is not read fast enough to print every sample'));
      return;
    }
    if (this.printing === 'idle')
      this.printAll().catch((error: unknown) => this.ended.reject(error as Error));
  }

  private async printAll(): Promise<void> {
    this.printing = 'busy';
    const { count = Infinity } = this.options;
    for (;;) {
      const entry = this.waiting.take();
      if (entry === undefined || this.printed >= count) break;
      await write(`${this.options.json ? jsonLine(entry) : await this.textLine(entry)}\n`);
      this.printed += 1;
    }
    this.printing = 'idle';
    if (this.printed >= count) this.ended.resolve();
  }

  private async textLine({ subject, body, skipped, repeat }: Waiting): Promise<string> {
    const passedOver =
      skipped > 0
        ? styled('dim', `  (${skipped} skipped)`)
        : repeat === true
          ? styled('dim', '  (again)')
          : '';
    if (!('sample' in body)) {
      const json = JSON.stringify('message' in body ? body.message : body.attributes);
      return `${subject}  ${printable(json)}${passedOver}`;
    }
    const { value, time, status } = body.sample;
    const address = parseSensorSubject(subject);
    const attributes =
      address === undefined ? undefined : await this.attributes.of(address.component, address.sensor);
    const name = address === undefined ? subject : `${address.component}.${address.sensor}`;
    const shownStatus = status === 'nominal' ? '' : `  ${colouredStatus(status)}`;
    const when = styled('dim', utcText(time).slice(11));
    return `${when}  ${name.padEnd(NAME_WIDTH)}  ${quantityText(value, attributes)}${shownStatus}${passedOver}`;
  }
}

function jsonLine({ subject, body, skipped, repeat }: Waiting): string {
  return JSON.stringify({
    subject,
    ...body,
    ...(skipped > 0 && { skipped }),
    ...(repeat === true && { repeat }),
  });
}
