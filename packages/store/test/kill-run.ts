import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { TestCassandra } from '../../../test/support/cassandra.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import type { TestNats } from '../../../test/support/test-nats.ts';
import { SteadyPublisher, type SteadyRate } from './steady-publisher.ts';
import {
  everythingStored,
  fullHistory,
  publishStored,
  testConnection,
  testFolder,
  testNats,
} from './store-fixture.ts';
import { StoreProcess } from './store-process.ts';

/**
 * All of them at a random moment, and started again:
 *
 * - `archiver`, `nats-server`, `Cassandra`: kill -9;
 * - `... stopped`: asked to end, as by an operator;
 * - `archiver between commit and acknowledgement`: it kills itself exactly there;
 * - `archiver and Cassandra`: kill -9 of both; the archiver is there before Cassandra is.
 */
export type Victim =
  | 'archiver'
  | 'archiver stopped'
  | 'archiver between commit and acknowledgement'
  | 'nats-server'
  | 'nats-server stopped'
  | CassandraVictim;
type CassandraVictim = 'Cassandra' | 'Cassandra stopped' | 'archiver and Cassandra';

export interface KillRunOptions extends SteadyRate {
  /** One after the other. */
  readonly victims: readonly Victim[];
  readonly mostPauseMs: number;
  /** Further words of `katbus store`. */
  readonly words?: readonly string[];
  /** Where the store writes to, if it does. */
  readonly cassandra?: TestCassandra;
}

const DYING = 'archiver between commit and acknowledgement';
/** A machine with everything on two cores takes its time. */
const PATIENCE_MS = 180_000;

/** Kills one after the other under a steady load; then what was acknowledged to the publisher is compared with the history, sample by sample. */
export async function killRun(options: KillRunOptions): Promise<string> {
  const system = await System.start(options);
  const { victims, mostPauseMs } = options;
  for (const [place, victim] of victims.entries()) {
    await system.storing();
    if (victim === DYING) await system.died();
    else {
      await delay(Math.random() * mostPauseMs);
      await system.end(victim);
    }
    await system.startStore(victims[place + 1]);
  }
  return `${await system.verified()}, ${victims.length} kills and stops, 0 lost, 0 doubled`;
}

class System {
  readonly #options: KillRunOptions;
  readonly #directory: string;
  readonly #publisher: SteadyPublisher;
  readonly #connection: Awaited<ReturnType<typeof testConnection>>;
  #nats: TestNats;
  #store: StoreProcess | undefined;
  readonly #counted = new WeakMap<
    StoreProcess,
    { readonly redelivered: number; readonly setBacks: number }
  >();
  #redelivered = 0;
  #setBacks = 0;

  private constructor(
    options: KillRunOptions,
    directory: string,
    nats: TestNats,
    connection: Awaited<ReturnType<typeof testConnection>>,
  ) {
    this.#options = options;
    this.#directory = directory;
    this.#nats = nats;
    this.#connection = connection;
    this.#publisher = new SteadyPublisher(connection, options);
  }

  static async start(options: KillRunOptions): Promise<System> {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const directory = await testFolder();
    for (const place of [3, 10, 17]) {
      // Floats, so that their NaN is stored as a number.
      const name = `dsh${place % 4}_sensor_${place}`;
      await publishStored(connection, `attributes.dsh${place % 4}`, JSON.stringify({ name, type: 'float' }));
    }
    const system = new System(options, directory, nats, connection);
    await system.startStore(options.victims[0]);
    return system;
  }

  /** Waits until the archiver has stored something since it was asked. */
  async storing(): Promise<void> {
    const store = this.#running();
    let before: number | undefined;
    await this.#until('the archiver stores', async () => {
      if (!store.isRunning) return true;
      const samples = await store.metric('samples_total');
      before ??= samples;
      return samples > before;
    });
  }

  /** Waits until it has killed itself. */
  async died(): Promise<void> {
    const store = this.#running();
    await this.#until('it kills itself', () => !store.isRunning);
  }

  async end(victim: Exclude<Victim, typeof DYING>): Promise<void> {
    const store = this.#running();
    await this.#countUp();
    switch (victim) {
      case 'archiver':
        await store.end('SIGKILL');
        break;
      case 'archiver stopped':
        expect(await store.end('SIGTERM')).toBe(0);
        break;
      case 'nats-server':
      case 'nats-server stopped': {
        const next = await this.#nats.restart({ graceful: victim === 'nats-server stopped' });
        onTestFinished(async () => {
          await next.kill();
        });
        this.#nats = next;
        break;
      }
      default:
        await this.#endCassandra(victim, store);
    }
  }

  async #endCassandra(victim: CassandraVictim, store: StoreProcess): Promise<void> {
    const node = this.#options.cassandra?.node;
    if (node === undefined) throw new Error('there is no Cassandra');
    if (victim === 'Cassandra stopped') await node.stop();
    else await node.kill();
    if (victim === 'archiver and Cassandra') {
      await store.end('SIGKILL');
      await this.startStore(undefined);
    }
    await node.start();
  }

  /** Where none runs, or where the next one is to be another program. */
  async startStore(next: Victim | undefined): Promise<void> {
    const isDying = next === DYING;
    if (this.#store?.isRunning === true && !isDying) return;
    if (this.#store?.isRunning === true) await this.#countUp();
    await this.#store?.end('SIGKILL');
    const script = isDying ? './dying-store-main.ts' : './store-main.ts';
    const words = [...(this.#options.words ?? [])];
    this.#store = await StoreProcess.start(this.#nats.url, this.#directory, words, script);
  }

  /** @returns what there is to say */
  async verified(): Promise<string> {
    const store = this.#running();
    await this.#publisher.stop();
    await this.#until('everything is stored', () => everythingStored(this.#connection));
    for (const [address, published] of this.#publisher.published) {
      expect(await fullHistory(this.#connection, { ...address, limit: 10_000 })).toEqual(published);
    }
    expect(await store.metric('quarantine_messages')).toBe(0);
    expect(await store.metric('gaps_total')).toBe(0);
    await this.#countUp();
    expect(await store.end('SIGTERM')).toBe(0);
    const setBacks = this.#setBacks > 0 ? `, ${this.#setBacks} times set back` : '';
    return `${this.#publisher.count} samples, ${this.#redelivered} redelivered${setBacks}`;
  }

  /** What the store in hand says of itself, before it ends. */
  async #countUp(): Promise<void> {
    const store = this.#running();
    const [redelivered, setBacks] = await Promise.all([
      store.metric('redelivered_total').catch(() => 0),
      store.metric('set_backs_total').catch(() => 0),
    ]);
    const counted = this.#counted.get(store) ?? { redelivered: 0, setBacks: 0 };
    this.#redelivered += redelivered - counted.redelivered;
    this.#setBacks += setBacks - counted.setBacks;
    this.#counted.set(store, { redelivered, setBacks });
  }

  async #until(what: string, condition: () => unknown): Promise<void> {
    try {
      await waitFor(condition, { what, timeoutMs: PATIENCE_MS });
    } catch (error) {
      throw new Error(`the store says: ${this.#running().output}`, { cause: error });
    }
  }

  #running(): StoreProcess {
    if (this.#store === undefined) throw new Error('no store was started');
    return this.#store;
  }
}

/** `count` of those there are, at random: half of them the archiver's. */
export function randomVictims(count: number): Victim[] {
  const others = [
    'nats-server',
    'nats-server stopped',
    'Cassandra',
    'Cassandra stopped',
    'archiver and Cassandra',
  ];
  const archivers = ['archiver', 'archiver', 'archiver stopped', DYING];
  const oneOf = (victims: readonly string[]) => victims[Math.floor(Math.random() * victims.length)] as Victim;
  return Array.from({ length: count }, (_, place) => oneOf(place % 2 === 0 ? archivers : others));
}
