import { readdir, readFile } from 'node:fs/promises';
import type { SensorDefinition } from '@katbus/bus';
import type { KernelFiles, Probe, Reading } from '../probe.ts';
import { steadySeconds } from '../rate.ts';
import { SensorParts } from '../sensor-parts.ts';
import { statusAbove, THRESHOLDS, type Threshold } from '../thresholds.ts';

interface Thermometer {
  readonly file: string;
  readonly sensor: string;
  readonly description: string;
  readonly threshold: Threshold;
}

/** Chips come with modules that are loaded later, seldom. */
const SEARCH_EACH_SECONDS = 60;

/** Every temperature that the kernel's drivers tell (hwmon, and thermal zones that no hwmon chip shows). Linux only. */
export class TemperaturesProbe implements Probe {
  readonly name = 'temperatures';
  private readonly kernel: KernelFiles;
  private readonly parts = new SensorParts();
  private readonly thermometers = new Map<string, Thermometer>();
  private searchedAt = -Infinity;

  constructor(kernel: KernelFiles) {
    this.kernel = kernel;
  }

  sensors(): SensorDefinition[] {
    return [...this.thermometers.values()].map(({ sensor, description }) => ({
      name: sensor,
      type: 'float',
      units: 'degC',
      description,
      sampling: { deadBand: 0.2 },
    }));
  }

  async read(): Promise<Reading[]> {
    const seconds = steadySeconds();
    if (seconds - this.searchedAt >= SEARCH_EACH_SECONDS) {
      this.searchedAt = seconds;
      await this.search();
    }
    const readings = await Promise.all([...this.thermometers.values()].map(readThermometer));
    return readings.flat();
  }

  private async search(): Promise<void> {
    const chips = await this.searchChips();
    await this.searchZones(new Set(chips));
  }

  private async searchChips(): Promise<string[]> {
    const folder = `${this.kernel.sys}/class/hwmon`;
    const names: string[] = [];
    for (const chip of await namesIn(folder)) {
      const chipName = (await textOf(`${folder}/${chip}/name`)) ?? chip;
      names.push(chipName);
      const inputs = (await namesIn(`${folder}/${chip}`)).filter((file) => /^temp\d+_input$/.test(file));
      for (const input of inputs)
        await this.addChipInput(`${folder}/${chip}`, chipName, input.slice(0, -'_input'.length));
    }
    return names;
  }

  /** Documentation/hwmon/sysfs-interface.rst: `temp1_input` in thousandths of a degree, `temp1_max` and `temp1_crit` limits. */
  private async addChipInput(folder: string, chip: string, input: string): Promise<void> {
    const file = `${folder}/${input}_input`;
    const label = (await textOf(`${folder}/${input}_label`)) ?? input;
    const [warn, error] = await Promise.all([
      degreesOf(`${folder}/${input}_max`),
      degreesOf(`${folder}/${input}_crit`),
    ]);
    this.add(file, chip, label, {
      warn: usableLimit(warn) ?? usableLimit(error) ?? THRESHOLDS.temperatureCelsius.warn,
      error: usableLimit(error) ?? THRESHOLDS.temperatureCelsius.error,
    });
  }

  private async searchZones(chips: ReadonlySet<string>): Promise<void> {
    const folder = `${this.kernel.sys}/class/thermal`;
    for (const zone of (await namesIn(folder)).filter((name) => name.startsWith('thermal_zone'))) {
      const zoneType = (await textOf(`${folder}/${zone}/type`)) ?? zone;
      if (!chips.has(zoneType))
        this.add(`${folder}/${zone}/temp`, 'zone', zoneType, THRESHOLDS.temperatureCelsius);
    }
  }

  private add(file: string, chip: string, label: string, threshold: Threshold): void {
    if (this.thermometers.has(file)) return;
    const part = this.parts.of(file, `${chip}_${label}`);
    this.thermometers.set(file, {
      file,
      sensor: `temperature.${part}`,
      description: `Temperature of ${label} (${chip})`,
      threshold,
    });
  }
}

async function readThermometer({ file, sensor, threshold }: Thermometer): Promise<Reading[]> {
  const value = await degreesOf(file);
  return value === undefined ? [] : [{ sensor, value, status: statusAbove(value, threshold) }];
}

/** Chips that have no limit answer 0, a negative number or some thousand degrees. */
function usableLimit(degrees: number | undefined): number | undefined {
  return degrees !== undefined && degrees > 0 && degrees < 200 ? degrees : undefined;
}

/** Undefined when the file is not there or the chip does not answer. */
async function degreesOf(file: string): Promise<number | undefined> {
  const text = await textOf(file);
  return text === undefined || !/^-?\d+$/.test(text) ? undefined : Number(text) / 1000;
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    return undefined;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
