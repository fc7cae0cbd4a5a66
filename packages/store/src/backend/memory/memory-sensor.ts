import type { Attributes, SensorAddress } from '@katbus/protocol';
import type { AttributesSpan, CatalogueRow } from '../backend.ts';
import { supersedes, type StoredSample } from '../stored-sample.ts';
import { SampleSeries } from './sample-series.ts';

/** All that the memory back end knows of one sensor. */
export class MemorySensor {
  readonly address: SensorAddress;
  readonly series = new SampleSeries();
  /** Outlives the sample's own removal from the series. */
  latest: StoredSample | undefined;
  latestEpoch = 0;
  /** In order of time. */
  readonly #spans: AttributesSpan[] = [];

  constructor(address: SensorAddress) {
    this.address = address;
  }

  /** @param epoch the number of its clock epoch @returns whether there is one sample more */
  add(sample: StoredSample, epoch: number): boolean {
    if (this.latest === undefined || supersedes(sample.timeUs, epoch, this.latest.timeUs, this.latestEpoch)) {
      this.latest = sample;
      this.latestEpoch = epoch;
    }
    return this.series.add(sample);
  }

  /** @returns whether they differ from those in force at that time */
  announce(fromUs: number, attributes: Attributes): boolean {
    const place = this.#spans.findLastIndex((span) => span.fromUs <= fromUs);
    const inForce = this.#spans[place];
    if (inForce !== undefined && JSON.stringify(inForce.attributes) === JSON.stringify(attributes)) {
      return false;
    }
    const isSameTime = inForce?.fromUs === fromUs;
    this.#spans.splice(isSameTime ? place : place + 1, isSameTime ? 1 : 0, { fromUs, attributes });
    return true;
  }

  get attributes(): Attributes | undefined {
    return this.#spans.at(-1)?.attributes;
  }

  attributesBetween(startUs: number, endUs: number): AttributesSpan[] {
    const first = this.#spans.findLastIndex((span) => span.fromUs <= startUs);
    return this.#spans.slice(Math.max(first, 0)).filter((span) => span.fromUs < endUs);
  }

  catalogueRow(): CatalogueRow {
    return {
      ...this.address,
      attributes: this.attributes,
      firstUs: this.series.at(0)?.timeUs,
      lastUs: this.latest?.timeUs,
      attributesFromUs: this.#spans.at(-1)?.fromUs,
      latestEpoch: this.latestEpoch,
    };
  }
}
