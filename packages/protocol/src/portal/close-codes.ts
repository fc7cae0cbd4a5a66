/**
 * Why the portal closes a websocket. Codes below 4000 are RFC 6455's (section 7.4.1), the others ours (7.4.2: 4000-4999 are private use).
 * A close reason holds at most 123 bytes of UTF-8 (section 5.5). `comeBack`: whether a client should reconnect by itself.
 */
export interface CloseCode {
  readonly code: number;
  readonly reason: string;
  readonly comeBack: boolean;
}

export const CLOSE_CODES = {
  goingAway: { code: 1001, reason: 'the portal is stopping', comeBack: true },
  brokenFrame: { code: 1002, reason: 'a frame breaks RFC 6455', comeBack: false },
  binaryFrame: { code: 1003, reason: 'send text frames: the protocol is JSON', comeBack: false },
  invalidUtf8: { code: 1007, reason: 'a text frame was not UTF-8', comeBack: false },
  tooManyFragments: { code: 1008, reason: 'a message came in too many fragments', comeBack: false },
  frameTooBig: { code: 1009, reason: 'the frame is larger than the portal accepts', comeBack: false },
  tooManySessions: { code: 1013, reason: 'the portal has as many sessions as it may', comeBack: true },
  slowClient: { code: 4008, reason: 'the client did not read for too long', comeBack: true },
  deadClient: { code: 4009, reason: 'the client did not answer pings', comeBack: true },
  tooManyErrors: { code: 4010, reason: 'too many malformed requests in a row', comeBack: false },
  cannotKeepUp: { code: 4011, reason: 'the client reads too slowly to get all samples', comeBack: true },
} as const satisfies Record<string, CloseCode>;
export type CloseCodeName = keyof typeof CLOSE_CODES;

/** What a close code asks of the client; a code that is not ours (the network, a proxy) means: come back. */
export function mayComeBack(code: number): boolean {
  return Object.values<CloseCode>(CLOSE_CODES).find((entry) => entry.code === code)?.comeBack ?? true;
}
