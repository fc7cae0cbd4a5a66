/** Why a message is kept apart instead of being stored; STORAGE.md, "Quarantine", has a line for each. */
export const QUARANTINE_REASONS = [
  'undecodable',
  'subject',
  'name',
  'time',
  'value_ts',
  'status',
  'value',
  'type',
  'attributes',
  'poison',
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/** Which quarantined messages are meant: those of `ids`, or all that fit the rest; `all` says that none is left out on purpose. */
export interface QuarantineSelection {
  readonly ids?: readonly number[];
  readonly reason?: QuarantineReason;
  /** Unix seconds: those that the stream took at this time or later. */
  readonly since?: number;
  readonly all?: boolean;
  /** Messages looked at by one request, 1 to 1,000; default 200. */
  readonly limit?: number;
  /** `next` of the answer before. */
  readonly after?: string;
}

/** `rpc.store.quarantine`: messages that could not be stored, oldest first, paged. Without a selection: all. */
export interface QuarantineRequest extends QuarantineSelection {
  /** Whether the payloads come with them; default false. */
  readonly payload?: boolean;
}

export interface QuarantineEntry {
  readonly id: number;
  /** Of the message in ARCHIVE. */
  readonly sequence: number;
  /** Unix seconds: when the stream took it. */
  readonly received: number;
  readonly subject: string;
  readonly reason: string;
  /** The field at fault; `(payload)` when it is not even JSON. */
  readonly field: string;
  /** The rule that it breaks. */
  readonly text: string;
  /** Of the payload. */
  readonly bytes: number;
  /** When asked for and valid UTF-8. */
  readonly payload?: string;
  /** When asked for and not valid UTF-8. */
  readonly payloadBase64?: string;
}

export interface QuarantinePage {
  readonly messages: readonly QuarantineEntry[];
  /** In quarantine now, whatever was asked for. */
  readonly total: number;
  readonly next?: string;
}

/** `rpc.store.quarantine.retry`: decodes them again with the attributes of today; what can be stored is, and leaves the quarantine. */
export interface QuarantineRetryAnswer {
  readonly stored: number;
  /** Why the others still cannot be. */
  readonly refused: readonly { readonly id: number; readonly reason: string; readonly text: string }[];
  readonly next?: string;
}

/** `rpc.store.quarantine.drop`: forgets them. */
export interface QuarantineDropAnswer {
  readonly dropped: number;
  readonly next?: string;
}

/** Of a request, and of its answer. */
export const QUARANTINE_PAGE = { defaultMessages: 200, mostMessages: 1_000, mostBytes: 512 * 1024 } as const;

/** `rpc.store.gaps`: ranges of ARCHIVE that were lost before they could be stored, in the order in which they were found, paged. */
export interface GapsRequest {
  /** Unix seconds: those that touch start <= time < end; default: all. */
  readonly start?: number;
  readonly end?: number;
  readonly after?: string;
}

export interface Gap {
  /** Both ends belong to it. `toSequence` before `fromSequence`: how much was lost nobody can tell. */
  readonly fromSequence: number;
  readonly toSequence: number;
  /** Of the range's messages, how many are missing: what lies between may be stored. */
  readonly messages: number;
  /** Unix seconds, by the stream's clock: of the last message before, and of the first after it. */
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export interface GapsPage {
  readonly gaps: readonly Gap[];
  readonly next?: string;
}

export const GAPS_PAGE = { mostGaps: 1_000 } as const;
