import { isoText, type ClaimParty } from '@katbus/protocol';

/**
 * A component used the broker wrongly: an unknown sensor, a value of the wrong type, a bad name. `field` is the argument at
 * fault. It is thrown where the mistake is made; trouble with the network never is.
 */
export class UsageError extends Error {
  readonly code = 'USAGE';
  readonly field: string;
  /** The sensor that was being used, `<component>.<sensor>`; empty when there is none yet. */
  readonly sensor: string;

  constructor(field: string, sensor: string, rule: string) {
    super(`${sensor === '' ? '' : `${sensor}: `}${field} ${rule}`);
    this.field = field;
    this.sensor = sensor;
    this.name = 'UsageError';
  }
}

/** A listing request that cannot be answered; it is the answer. `field` is the one at fault. */
export class ListingRequestError extends Error {
  readonly code = 'MALFORMED_REQUEST';
  readonly field: string;

  constructor(field: string, rule: string) {
    super(`${field}: ${rule}`);
    this.field = field;
    this.name = 'ListingRequestError';
  }
}

/** A request for an explanation that cannot be answered; it is the answer. `field` is the one at fault. */
export class ExplanationRequestError extends Error {
  readonly code = 'UNKNOWN_SENSOR';
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
    this.name = 'ExplanationRequestError';
  }
}

/**
 * Another process is this component: two under one name would mix their samples. `other` is who, as far as it says: of a program that
 * knows nothing of claims only its instance, or nothing.
 */
export class NameTakenError extends Error {
  readonly code = 'NAME_TAKEN';
  readonly component: string;
  readonly other: Partial<ClaimParty>;

  /** @param other the party, or an instance */
  constructor(component: string, other: ClaimParty | string | undefined) {
    const party = typeof other === 'object' ? other : { ...(other !== undefined && { instance: other }) };
    super(
      `component ${component} is on the bus already: ${partyText(party)}. Stop that one, ` +
        'give this one another name, or take the name over (takeover: true, --takeover)',
    );
    this.component = component;
    this.other = party;
    this.name = 'NameTakenError';
  }
}

/** For people who have to find the process. */
export function partyText({ host, pid, since, instance = 'unknown' }: Partial<ClaimParty>): string {
  if (host === undefined || pid === undefined || since === undefined) return `instance ${instance}`;
  return `process ${pid} on ${host} since ${isoText(since).slice(0, 19)}Z (instance ${instance})`;
}
