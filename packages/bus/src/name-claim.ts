import { setTimeout as delay } from 'node:timers/promises';
import {
  claimSubject,
  outranks,
  type ClaimAnswer,
  type ClaimParty,
  type ClaimRequest,
} from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import { NameTakenError } from './errors.ts';
import { discoverServices, type BusConnection, type BusMessage } from './nats/index.ts';

export interface NameClaimOptions {
  /** Who claims, and whether it takes over. */
  readonly request: ClaimRequest;
  /** How long one who has the name may take to answer; nobody there is known at once. */
  readonly timeoutMs: number;
  /** Another process takes the name over. What resolves when nothing more is published: only then is the other one told. */
  readonly onYield: (to: ClaimParty) => Promise<void>;
  /** Too late for a refusal, another process turns out to have the name too, and to be the one that keeps it. */
  readonly onTwin: (other: ClaimParty) => void;
}

/** How long claims that are made at one moment may take to meet. */
const SETTLE_MS = 50;
/** On a mesh, servers tell each other of a subscription in their own time. */
const MESH_INTEREST_MS = 250;
const NO_RESPONDERS = 503;

/**
 * The right to be a component, agreed on by asking on `rpc.claim.<component>` (SUBJECTS.md, "One process a name"): nothing is stored that
 * would outlive a process that was killed, because a dead one does not answer.
 *
 * - `asking`: who has the name is asked, before anybody could take us for having it;
 * - `claiming`: others hear us; of those who claim at one moment, {@link outranks} says who gets it;
 * - `held`: who asks is told so, or taken at its word when it takes over.
 */
export class NameClaim {
  readonly #connection: BusConnection;
  readonly #options: NameClaimOptions;
  readonly #undo: (() => void)[] = [];
  readonly #refused = Promise.withResolvers<never>();
  /** Resolves when somebody has answered, or nobody is there to answer. */
  readonly #answered = Promise.withResolvers<void>();
  /** Who is to be told when we have given the name up. */
  readonly #heirs: BusMessage[] = [];
  #state: 'asking' | 'claiming' | 'held' | 'yielding' | 'over' = 'asking';

  private constructor(connection: BusConnection, options: NameClaimOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#refused.promise.catch(() => undefined);
  }

  /**
   * @throws {NameTakenError} naming who has the name
   * @throws {DisconnectedError}
   */
  static async make(connection: BusConnection, options: NameClaimOptions): Promise<NameClaim> {
    const claim = new NameClaim(connection, options);
    try {
      await Promise.race([claim.#acquire(), claim.#refused.promise]);
      return claim;
    } catch (error) {
      claim.release();
      throw error;
    }
  }

  /** Who asks from now on gets no answer of ours. */
  release(): void {
    this.#state = 'over';
    for (const undo of this.#undo.splice(0)) undo();
  }

  async #acquire(): Promise<void> {
    const connection = this.#connection;
    const { request, timeoutMs } = this.#options;
    const subject = claimSubject(request.component);
    const inbox = connection.newInbox();
    const ask = () => connection.publish(subject, JSON.stringify(request), { reply: inbox });
    connection.checkConnected(`claim the name ${request.component}`);
    // Kept as long as the claim: an answer that comes late is one of a process that is alive after all.
    this.#undo.push(connection.subscribe(inbox, (message) => this.#takeAnswer(message)));
    ask();
    const patience = new AbortController();
    await Promise.race([
      this.#answered.promise,
      delay(timeoutMs, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    if (request.takeover !== true) await this.#findOtherKinds();
    if (this.#isOver()) return;
    this.#state = 'claiming';
    this.#undo.push(connection.subscribe(subject, (message) => this.#takeClaim(message)));
    await connection.flush();
    const isMesh = connection.serverInfo.cluster !== undefined;
    if (isMesh) await delay(MESH_INTEREST_MS);
    if (this.#isOver()) return;
    ask();
    await delay(SETTLE_MS);
    if (!this.#isOver()) this.#state = 'held';
  }

  /** Refused meanwhile. */
  #isOver(): boolean {
    return this.#state === 'over';
  }

  /** A component that knows nothing of claims is a micro service all the same. @throws {NameTakenError} */
  async #findOtherKinds(): Promise<void> {
    const { component, instance } = this.#options.request;
    const found = await discoverServices(this.#connection, { name: component, stallMs: SETTLE_MS });
    const other = found.find(({ metadata }) => metadata.katbus === 'component');
    if (other !== undefined && other.metadata.instance !== instance)
      throw new NameTakenError(component, other.metadata.instance);
  }

  #takeAnswer(message: BusMessage): void {
    if (message.data.length === 0 && message.status === NO_RESPONDERS) {
      this.#answered.resolve();
      return;
    }
    const answer = parsed<ClaimAnswer>('claimAnswer', message);
    if (answer === undefined || answer.instance === this.#options.request.instance) return;
    this.#answered.resolve();
    if (answer.state === 'yielded') return;
    this.#meet(answer, answer.state === 'present');
  }

  #takeClaim(message: BusMessage): void {
    const { request } = this.#options;
    const other = parsed<ClaimRequest>('claimRequest', message);
    if (other === undefined || other.instance === request.instance) return;
    if (this.#state === 'claiming') {
      this.#answer(message, 'claiming');
      this.#meet(other, false);
    } else if (this.#state === 'held') {
      if (other.takeover === true) void this.#yield(message, other);
      else this.#answer(message, 'present');
    } else if (this.#state === 'yielding') {
      this.#heirs.push(message);
    }
  }

  /** Another one has the name, or wants it as we do. */
  #meet(other: ClaimRequest, hasName: boolean): void {
    const { request, onTwin } = this.#options;
    const keepsIt = outranks(other, request);
    if (this.#state === 'asking' || this.#state === 'claiming') {
      if (hasName || keepsIt) this.#refused.reject(new NameTakenError(request.component, other));
    } else if (this.#state === 'held' && keepsIt) {
      onTwin(other);
    }
  }

  async #yield(message: BusMessage, to: ClaimRequest): Promise<void> {
    this.#state = 'yielding';
    this.#heirs.push(message);
    try {
      await this.#options.onYield(to);
    } catch {
      // Whatever went wrong with giving up, the name is given up: who waits for it is told all the same.
    }
    for (const heir of this.#heirs.splice(0)) this.#answer(heir, 'yielded');
  }

  #answer(message: BusMessage, state: ClaimAnswer['state']): void {
    const answer: ClaimAnswer = { ...this.#options.request, state };
    message.respond(JSON.stringify(answer));
  }
}

/** Anybody may publish anything there. */
function parsed<Message>(schema: 'claimRequest' | 'claimAnswer', { data }: BusMessage): Message | undefined {
  try {
    return parseRequest<Message>(schema, data);
  } catch {
    return undefined;
  }
}
