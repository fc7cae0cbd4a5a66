import type { Attributes } from './attributes.ts';
import type { Sample } from './sample.ts';

/** A request on `rpc.sensors.<component>` or `rpc.sensors.all` (Joubert & Slabber, ICALEPCS 2017, "Listing of sensors"). */
export interface ListingRequest {
  /** RE2 regular expression, searched in the normalised and in the KATCP name; absent: all. */
  readonly filter?: string;
  /** True: each sensor comes with its sample and without its attributes but `name`; default: both. */
  readonly readingOnly?: boolean;
  /** Where to answer, when the request is published and not requested; the NATS reply subject wins. */
  readonly reply?: string;
}

/** One chunk of a component's answer; chunks come in order. */
export interface ListingChunk {
  readonly component: string;
  readonly sensors: readonly ListingEntry[];
  /** True on the component's last chunk. */
  readonly last: boolean;
}

export interface ListingEntry {
  readonly sensor: string;
  readonly attributes: Attributes;
  /** The component's newest sample of this sensor, whether the throttle let it out or not; absent: it has no value yet. */
  readonly sample?: Sample;
}

/** What a micro service of Katbus answers instead of a result. */
export interface ServiceErrorAnswer {
  readonly error: { readonly code: string; readonly message: string; readonly field?: string };
}
