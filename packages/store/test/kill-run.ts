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
import { StoreProcess, type StoreProgram } from './store-process.ts';

/**
 * All of them at a random moment, and started again:
 *
 * - `archiver`, `nats-server`, `Cassandra`: kill -9;
 * - `... stopped`: asked to end, as by an operator;
 * - `archiver between commit and acknowledgement`: it kills itself exactly there;
 * - `archiver while it seals`: it kills itself somewhere in the sealing of Cassandra's journal, as soon as some of it is due;
 * - `archiver and Cassandra`: kill -9 of both; the archiver is there before Cassandra is.
 */
export type Victim =
  'archiver' | 'archiver stopped' | SelfKiller | 'nats-server' | 'nats-server stopped' | CassandraVictim;
type SelfKiller = 'archiver between commit and acknowledgement' | 'archiver while it seals';
type CassandraVictim = 'Cassandra' | 'Cassandra stopped' | 'archiver and Cassandra';

export interface KillRunOptions extends SteadyRate {
  /** One after the other. */
  readonly victims: readonly Victim[];
  readonly mostPauseMs: number;
  /** Further words of `katbus store`. */
  readonly words?: readonly string[];
  /** Where the store writes to, if it does. */
  readonly cassandra?: TestCassandra;
  /** Waits until the archive has done what it does by itself, before everything is compared. @returns what there is to say of it */
  readonly settled?: () => Promise<string>;
}

const SELF_KILLERS: Readonly<Record<SelfKiller, StoreProgram>> = {
  'archiver between commit and acknowledgement': { main: './dying-store-main.ts' },
  'archiver while it seals': { preload: './dying-sealing.ts' },
};
const isSelfKiller = (victim: Victim | undefined): victim is SelfKiller =>
  victim !== undefined && victim in SELF_KILLERS;

/** Nothing is due in the first minutes of a journal. */
const SELF_KILLING_MS = 480_000;
/** A machine with everything on two cores takes its time. */
const PATIENCE_MS = 180_000;

/** Kills one after the other under a steady load; then what was acknowledged to the publisher is compared with the history, sample by sample. */
export async function killRun(options: KillRunOptions): Promise<string> {
  const system = await System.start(options);
  const { victims, mostPauseMs } = options;
  const startMs = performance.now();
  for (const [place, victim] of victims.entries()) {
    await system.storing();
    if (isSelfKiller(victim)) await system.died();
    else {
      await delay(Math.random() * mostPauseMs);
      await system.end(victim);
    }
    await system.startStore(victims[place + 1]);
  }
  const seconds = (performance.now() - startMs) / 1000;
  const said = await system.verified();
  return `${said}, ${victims.length} kills and stops in ${seconds.toFixed(0)} s, 0 lost, 0 doubled`;
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
    await this.#until('it kills itself', () => !store.isRunning, SELF_KILLING_MS);
  }

  async end(victim: Exclude<Victim, SelfKiller>): Promise<void> {
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
    const program = isSelfKiller(next) ? SELF_KILLERS[next] : undefined;
    if (this.#store?.isRunning === true && program === undefined) return;
    if (this.#store?.isRunning === true) await this.#countUp();
    await this.#store?.end('SIGKILL');
    const words = [...(this.#options.words ?? [])];
    this.#store = await StoreProcess.start(this.#nats.url, this.#directory, words, program);
  }

  /** @returns what there is to say */
  async verified(): Promise<string> {
    const store = this.#running();
    await this.#publisher.stop();
    await this.#until('everything is stored', () => everythingStored(this.#connection));
    const settled = await this.#options.settled?.();
    for (const [address, published] of this.#publisher.published) {
      expect(await fullHistory(this.#connection, { ...address, limit: 10_000 })).toEqual(published);
    }
    expect(await store.metric('quarantine_messages')).toBe(0);
    expect(await store.metric('gaps_total')).toBe(0);
    await this.#countUp();
    expect(await store.end('SIGTERM')).toBe(0);
    const setBacks = this.#setBacks > 0 ? `, ${this.#setBacks} times set back` : '';
    const also = settled === undefined ? '' : `, ${settled}`;
    return `${this.#publisher.count} samples, ${this.#redelivered} redelivered${setBacks}${also}`;
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

  async #until(what: string, condition: () => unknown, timeoutMs = PATIENCE_MS): Promise<void> {
    try {
      await waitFor(condition, { what, timeoutMs });
    } catch (error) {
      throw new Error(`the store says: ${this.#running().output}`, { cause: error });
    }
  }

  #running(): StoreProcess {
    if (this.#store === undefined) throw new Error('no store was started');
    return this.#store;
  }
}

/** Of those who seal, every so many-th one dies of it. */
const SEALING_EVERY = 12;

/** `count` of those there are, at random: half of them the archiver's. @param seals whether there is a journal to seal */
export function randomVictims(count: number, seals = false): Victim[] {
  const others = [
    'nats-server',
    'nats-server stopped',
    'Cassandra',
    'Cassandra stopped',
    'archiver and Cassandra',
  ];
  const archivers = [
    'archiver',
    'archiver',
    'archiver stopped',
    'archiver between commit and acknowledgement',
  ];
  const oneOf = (victims: readonly string[]) => victims[Math.floor(Math.random() * victims.length)] as Victim;
  return Array.from({ length: count }, (_, place) => {
    if (seals && place % SEALING_EVERY === SEALING_EVERY - 1) return 'archiver while it seals';
    return oneOf(place % 2 === 0 ? archivers : others);
  });
}
