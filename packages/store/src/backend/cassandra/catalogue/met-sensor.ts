import type { Attributes, SensorAddress } from '@katbus/protocol';
import type { LayoutSensor, WidthSpan } from '../layout.ts';
import { FIRST_WIDTHS } from './widths-text.ts';

/** Attributes as they were announced, written out as JSON, and since when they hold. */
export interface AnnouncedAttributes {
  readonly fromUs: number;
  readonly json: string;
}

/** A sensor that this process has met: the same object for as long as the catalogue is open. What changes with each sample is in SampleColumns of its own. */
export class MetSensor implements LayoutSensor {
  readonly component: string;
  readonly sensor: string;
  /** From 0, in the order in which they were met. */
  readonly number: number;
  /** 0 until it is to be stored. */
  id = 0;
  widths: readonly WidthSpan[] = FIRST_WIDTHS;
  katcpName = '';
  /** Whether its row is in the table: only then the catalogue has it. */
  isStored = false;
  /** When its row was written last, by the clock of writing; 0: not by this process. */
  writtenUs = 0;
  #announced: AnnouncedAttributes | undefined;
  #attributes: Attributes | undefined;

  constructor({ component, sensor }: SensorAddress, number: number) {
    this.component = component;
    this.sensor = sensor;
    this.number = number;
  }

  /** The newest; undefined when there were none. */
  get announced(): AnnouncedAttributes | undefined {
    return this.#announced;
  }

  set announced(announced: AnnouncedAttributes | undefined) {
    this.#announced = announced;
    this.#attributes = undefined;
  }

  /** Kept once they are asked for: of most sensors nobody does. */
  get attributes(): Attributes | undefined {
    if (this.#announced === undefined) return undefined;
    this.#attributes ??= JSON.parse(this.#announced.json) as Attributes;
    return this.#attributes;
  }

  /** The table has no such row, or may have none any more. */
  forget(): void {
    this.id = 0;
    this.isStored = false;
    this.writtenUs = 0;
    this.widths = FIRST_WIDTHS;
    this.katcpName = '';
    this.announced = undefined;
  }
}
