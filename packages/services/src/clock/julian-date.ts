/** Julian date of the Unix epoch, 1970-01-01 00:00 UTC, days. */
const UNIX_EPOCH_JD = 2_440_587.5;
const UNIX_EPOCH_MJD = 40_587;
const SECONDS_A_DAY = 86_400;

/** @param unixSeconds UTC */
export function julianDate(unixSeconds: number): number {
  return unixSeconds / SECONDS_A_DAY + UNIX_EPOCH_JD;
}

/** Not from {@link julianDate}: the larger number has lost four decimals. @param unixSeconds UTC */
export function modifiedJulianDate(unixSeconds: number): number {
  return unixSeconds / SECONDS_A_DAY + UNIX_EPOCH_MJD;
}
