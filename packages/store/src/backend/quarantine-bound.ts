/** How much quarantine a back end keeps; the oldest goes. */
export const QUARANTINE_BYTES = 100 * 1024 * 1024;

/** What a quarantined message counts towards the bound, beside its payload: subject, reason and text. */
const OVERHEAD_BYTES = 250;

export function quarantineBytes(payloadBytes: number): number {
  return payloadBytes + OVERHEAD_BYTES;
}
