import type { Attributes } from './attributes.ts';

/**
 * A component's clock that is set back by more than this begins a new clock epoch: its samples follow the clock, and times of samples
 * compare within an epoch only. By less, `time` waits for the clock: a microsecond after the sample before.
 */
export const CLOCK_STEP_BACK_US = 1_000_000;

/** The resend header's value in the first epoch, which has no number. */
const FIRST_EPOCH = '1';

/** The value of the header `Katbus-Resend`: the clock epoch in which the sample was made. */
export function resendMark(clockEpoch: number | undefined): string {
  return clockEpoch === undefined ? FIRST_EPOCH : String(clockEpoch);
}

/** The clock epoch that a component's attributes announce; undefined: its clock was never set back, or it does not tell. */
export function clockEpochOf({ clock_epoch: epoch }: Attributes): number | undefined {
  return typeof epoch === 'number' && Number.isFinite(epoch) ? epoch : undefined;
}
