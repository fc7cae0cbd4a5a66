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
