import type { ComponentValue, SensorDefinition } from '@katbus/bus';
import type { Status } from '@katbus/protocol';

/** One value that a probe has read. */
export interface Reading {
  /** The name that the sensor's definition gives. */
  readonly sensor: string;
  readonly value: ComponentValue;
  /** Default nominal. */
  readonly status?: Status;
}

/** Looks at one side of the machine. One file a probe, in `probes/`. */
export interface Probe {
  /** For the log: `filesystems`. */
  readonly name: string;
  /** Every sensor that it knows of now; more may come with a later {@link read}, none ever goes. */
  sensors(): readonly SensorDefinition[];
  /**
   * Looks once. What has no value yet (a rate needs two looks) is left out; what had one and is left out has gone, and
   * is shown as unreachable.
   * @throws when nothing can be read: all its sensors are then unreachable, until it succeeds again
   */
  read(): Promise<readonly Reading[]> | readonly Reading[];
}

/** Where a Linux kernel shows itself. Tests put a folder of their own in its place. */
export interface KernelFiles {
  readonly proc: string;
  readonly sys: string;
}

export const KERNEL_FILES: KernelFiles = { proc: '/proc', sys: '/sys' };
