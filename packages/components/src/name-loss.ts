import { partyText, type Broker } from '@katbus/bus';

/** Another process is the component now: this one has nothing left to do. */
export class NameLostError extends Error {
  readonly code = 'NAME_LOST';

  constructor(message: string) {
    super(message);
    this.name = 'NameLostError';
  }
}

/**
 * For a daemon's `ended`: rejects when another process takes the component's name over, or turns out to have it too and to be the one to
 * keep it. The broker is closed by then.
 * @param fallSilent called at once: updates of a broker that is closed throw
 */
export function untilNameLost(
  broker: Pick<Broker, 'component' | 'onEvent' | 'close'>,
  fallSilent: () => void,
): Promise<void> {
  const lost = Promise.withResolvers<void>();
  // The daemon may still be starting: it looks at this when it has.
  lost.promise.catch(() => undefined);
  broker.onEvent((event) => {
    const reason =
      event.type === 'taken-over'
        ? `component ${broker.component} was taken over by ${partyText(event.by)}`
        : event.type === 'duplicate'
          ? `component ${broker.component} runs twice, and the other one came first: ${partyText(event.other)}`
          : undefined;
    if (reason === undefined) return;
    fallSilent();
    void broker.close().then(() => lost.reject(new NameLostError(reason)));
  });
  return lost.promise;
}
