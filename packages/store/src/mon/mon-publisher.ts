import type { AcknowledgedWindow } from '@katbus/bus/nats';
import { attributesSubject, encodeSample, formatAddress, sensorSubject } from '@katbus/protocol';
import { MalformedMonRecordError, type MonSample } from './mon-record.ts';

/** What the window of the bus is used for here. */
export type PublishingWindow = Pick<AcknowledgedWindow, 'publish' | 'room'>;

interface KnownSensor {
  readonly monName: string;
  readonly isOfLists: boolean;
  readonly attributes: string;
}

/**
 * Publishes records of CTA's monitoring as their components would: attributes when they are new or others, then the sample. A sensor that has had
 * a list is one of lists from then on: its lists of one are lists too.
 */
export class MonPublisher {
  readonly #window: PublishingWindow;
  /** By address: whose it is in CTA's words, and its attributes as they were published last. */
  readonly #known = new Map<string, KnownSensor>();

  constructor(window: PublishingWindow) {
    this.#window = window;
  }

  /** @throws {MalformedMonRecordError} another sensor has this name on the bus already */
  async publish({ address, attributes, timeUs, valueTimeUs, value }: MonSample): Promise<void> {
    const key = formatAddress(address);
    const monName = JSON.stringify([attributes.assembly, attributes.mon_name]);
    const known = this.#known.get(key);
    const isOfLists = known?.isOfLists === true || typeof value === 'object';
    const text = JSON.stringify(isOfLists ? { ...attributes, type: 'float[]' } : attributes);
    if (known !== undefined && known.monName !== monName)
      throw new MalformedMonRecordError('name', `is ${key} on the bus, as is that of another sensor`);
    if (known?.attributes !== text) {
      await this.#window.room();
      this.#window.publish(attributesSubject(address.component), text, 'archive', true);
      this.#known.set(key, { monName, isOfLists, attributes: text });
    }
    await this.#window.room();
    const sent = isOfLists && typeof value !== 'object' ? [value as number | string] : value;
    const payload = encodeSample(attributes.name, timeUs, valueTimeUs, 'nominal', sent);
    this.#window.publish(sensorSubject('archive', address), payload, 'archive', true);
  }
}
