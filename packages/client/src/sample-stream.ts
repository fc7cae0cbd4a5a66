import type { Sample, SubscribeParams } from '@katbus/protocol';
import { clientError, type PortalError } from './errors.ts';
import { addressOf } from './latest-samples.ts';
import type { Subscription, SubscriptionHandlers } from './subscription.ts';

export interface StreamedSample {
  readonly sample: Sample;
  readonly subject: string;
  /** Older samples of this sensor that were passed over since the one before, by the portal or by this queue. */
  readonly skipped: number;
  /** A strategy's time has come and there is nothing newer. */
  readonly repeat: boolean;
}

export interface SampleStreamOptions extends Omit<SubscribeParams, 'subjects'> {
  /**
   * Samples that may wait for the consumer; beyond, the oldest is passed over and counted in `skipped`, or with the mode `all` the loop ends
   * with the error `tooSlow`.
   */
  readonly mostWaiting?: number | undefined;
}

export const SAMPLE_STREAM_DEFAULTS = { mostWaiting: 10_000 } as const;

/**
 * Samples of a subscription, for `for await`. It subscribes when the loop begins and unsubscribes when the loop ends.
 * @throws {PortalError} when the portal refuses the subscription or the client is closed
 */
export async function* streamSamples(
  subscribe: (handlers: SubscriptionHandlers) => Subscription,
  options: SampleStreamOptions = {},
): AsyncGenerator<StreamedSample, void, undefined> {
  const { mostWaiting = SAMPLE_STREAM_DEFAULTS.mostWaiting, mode } = options;
  const waiting: StreamedSample[] = [];
  const passedOver = new Map<string, number>();
  let end: { error: PortalError | undefined } | undefined;
  let wake: () => void = () => undefined;
  const subscription = subscribe({
    onSample: (sample, subject, { skipped, repeat }) => {
      waiting.push({ sample, subject, skipped, repeat });
      if (waiting.length > mostWaiting && mode === 'all') {
        end = { error: clientError('tooSlow', `more than ${mostWaiting} samples wait`) };
        waiting.length = 0;
        subscription.close();
      } else if (waiting.length > mostWaiting) {
        const oldest = waiting.shift()!;
        const address = addressOf(oldest.subject);
        passedOver.set(address, (passedOver.get(address) ?? 0) + 1 + oldest.skipped);
      }
      wake();
    },
    onClosed: (error) => {
      end ??= { error };
      wake();
    },
  });
  try {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) {
        const address = addressOf(next.subject);
        const skipped = next.skipped + (passedOver.get(address) ?? 0);
        passedOver.delete(address);
        yield { ...next, skipped };
      } else if (end !== undefined) {
        if (end.error !== undefined) throw end.error;
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  } finally {
    subscription.close();
  }
}
