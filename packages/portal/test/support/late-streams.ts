import type { BusConnection, BusMessage } from '@katbus/bus/nats';

/**
 * Makes the streams ARCHIVE and LIVE so that they store what was published up to `latestMs` after core NATS has delivered it, as real ones
 * do when their storage stalls: they listen on `late.>`, where a relay publishes everything again, later and in order, and store it under its own
 * subject. Acknowledgements come as late as the storing.
 * @returns the undo
 */
export async function lateStreams(
  bus: BusConnection,
  latestMs: number,
  random: () => number,
): Promise<() => void> {
  const streams = {
    ARCHIVE: ['sensor.archive.>', 'sync.archive.*'],
    LIVE: ['sensor.normal.>', 'sync.live.*'],
  };
  const undos: (() => void)[] = [];
  for (const [name, subjects] of Object.entries(streams)) {
    const config = {
      name,
      subjects: subjects.map((subject) => `late.${subject}`),
      subject_transform: { src: 'late.>', dest: '>' },
      allow_direct: true,
      storage: 'memory',
    };
    const answer = await bus.request(`$JS.API.STREAM.CREATE.${name}`, JSON.stringify(config));
    const { error } = JSON.parse(Buffer.from(answer.data).toString()) as { error?: object };
    if (error !== undefined) throw new Error(JSON.stringify(error));
    const relay = new Relay(bus, latestMs, random);
    undos.push(...subjects.map((subject) => bus.subscribe(subject, (message) => relay.take(message))));
  }
  await bus.flush();
  return () => {
    for (const undo of undos) undo();
  };
}

/** Passes messages on in order, each some time after it came. */
class Relay {
  readonly #bus: BusConnection;
  readonly #latestMs: number;
  readonly #random: () => number;
  #last = Promise.resolve();

  constructor(bus: BusConnection, latestMs: number, random: () => number) {
    this.#bus = bus;
    this.#latestMs = latestMs;
    this.#random = random;
  }

  take({ subject, reply, data }: BusMessage): void {
    const copy = Buffer.from(data);
    // Now and then storage stalls; what came meanwhile is then stored at once.
    const waitMs = this.#random() < 0.02 ? this.#latestMs * this.#random() : 0;
    this.#last = this.#last.then(async () => {
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      if (!this.#bus.closed) this.#bus.publish(`late.${subject}`, copy, { reply });
    });
  }
}
