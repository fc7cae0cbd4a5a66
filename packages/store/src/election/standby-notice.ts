import { BusService, type BusConnection } from '@katbus/bus/nats';
import { STANDBY_SERVICE } from '@katbus/protocol';

/** While a store stands by it is a micro service without endpoints, so that `katbus status` and `nats micro ls` show it. */
export class StandbyNotice {
  readonly #connection: BusConnection;
  readonly #version: string;
  readonly #holder: string;
  /** One change after the other. */
  #last: Promise<BusService | undefined> = Promise.resolve(undefined);

  constructor(connection: BusConnection, version: string, holder: string) {
    this.#connection = connection;
    this.#version = version;
    this.#holder = holder;
  }

  say(reason: string): void {
    this.#change(() =>
      BusService.start(this.#connection, {
        name: STANDBY_SERVICE,
        version: this.#version,
        description: 'A store that takes over when the active one is gone',
        metadata: { katbus: 'service', holder: this.#holder, reason },
        endpoints: [],
      }),
    );
  }

  async end(): Promise<void> {
    this.#change(() => Promise.resolve(undefined));
    await this.#last;
  }

  #change(next: () => Promise<BusService | undefined>): void {
    this.#last = this.#last.then(async (service) => {
      try {
        await service?.stop();
        return await next();
      } catch {
        // Without a connection nobody could see it anyway; the next change says it again.
        return undefined;
      }
    });
  }
}
