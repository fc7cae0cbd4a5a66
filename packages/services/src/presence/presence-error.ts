/** A request to the presence service that cannot be granted; it is the answer. */
export class PresenceRequestError extends Error {
  readonly code: 'NOT_FOUND' | 'COMPONENT_PRESENT';
  readonly field = 'component';

  constructor(code: PresenceRequestError['code'], message: string) {
    super(message);
    this.code = code;
    this.name = 'PresenceRequestError';
  }
}
