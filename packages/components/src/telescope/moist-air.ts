/** Magnus' formula with the constants of Alduchov and Eskridge (1996), over water, degrees Celsius. */
const A = 17.625;
const B = 243.04;

/** Relative humidity, percent, of air at a temperature with a dew point, both degrees Celsius. */
export function relativeHumidity(temperature: number, dewPoint: number): number {
  return 100 * Math.exp((A * dewPoint) / (B + dewPoint) - (A * temperature) / (B + temperature));
}

/** Pressure of the standard atmosphere at a height in metres, hPa (ICAO). */
export function standardPressure(height: number): number {
  return 1013.25 * (1 - 2.25577e-5 * height) ** 5.25588;
}
