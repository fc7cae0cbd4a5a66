/** Who asks for a component's name, or has it: what people need to find the process. */
export interface ClaimParty {
  readonly component: string;
  /** Differs between two processes. */
  readonly instance: string;
  readonly host: string;
  readonly pid: number;
  /** When it began to join the bus, Unix seconds by its own clock. */
  readonly since: number;
}

/** A request on `rpc.claim.<component>`: somebody wants to be this component. All who are it or want to be it get the request, and answer. */
export interface ClaimRequest extends ClaimParty {
  /** Who is the component already shall give it up. */
  readonly takeover?: boolean;
}

/**
 * `present`: the name is taken; `claiming`: the one who answers wants it as well, and {@link outranks} decides; `yielded`: it has given the
 * name up, and publishes nothing more.
 */
export const CLAIM_STATES = ['present', 'claiming', 'yielded'] as const;
export type ClaimState = (typeof CLAIM_STATES)[number];

export interface ClaimAnswer extends ClaimRequest {
  readonly state: ClaimState;
}

export function claimSubject(component: string): string {
  return `rpc.claim.${component}`;
}

/**
 * Of two who claim a name at one moment, or have it both because the network was parted, whether `a` is the one to keep it: who takes
 * over before who does not, then who came first, then the lower instance. The same for everybody who compares them.
 */
export function outranks(
  a: Pick<ClaimRequest, 'instance' | 'since' | 'takeover'>,
  b: Pick<ClaimRequest, 'instance' | 'since' | 'takeover'>,
): boolean {
  if ((a.takeover === true) !== (b.takeover === true)) return a.takeover === true;
  if (a.since !== b.since) return a.since < b.since;
  return a.instance < b.instance;
}
