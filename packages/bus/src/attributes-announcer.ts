import { attributesSubject, LARGEST_ATTRIBUTES_BYTES, type Attributes } from '@katbus/protocol';
import { UsageError } from './errors.ts';
import type { Sensor } from './sensor.ts';

/** What announcing needs of a broker. */
export interface AnnouncementSource {
  readonly component: string;
  sensors(): Iterable<Sensor>;
  /** The clock epoch that holds, if the clock was ever set back. */
  clockEpoch(): number | undefined;
  publishAttributes(subject: string, payload: string): void;
  /** Resolves when there is room for more in the publishing window. */
  room(): Promise<void>;
}

/** Announcements before the loop gets its turn and the window room: 200,000 sensors must not push samples out of the buffer. */
const ANNOUNCEMENTS_A_TURN = 500;

/** Publishes the attributes of a component's sensors on `attributes.<component>`, one message a sensor. */
export class AttributesAnnouncer {
  private readonly source: AnnouncementSource;
  private running: Promise<number> | undefined;
  private wantedAgain = false;

  constructor(source: AnnouncementSource) {
    this.source = source;
  }

  announce(attributes: Attributes): void {
    const epoch = this.source.clockEpoch();
    const announced = epoch === undefined ? attributes : { ...attributes, clock_epoch: epoch };
    this.source.publishAttributes(attributesSubject(this.source.component), JSON.stringify(announced));
  }

  /**
   * Announces every sensor again. Requests that come meanwhile share one more round: they want what holds after they came.
   * @returns how many were announced
   */
  announceAll(): Promise<number> {
    if (this.running === undefined) {
      this.running = this.rounds().finally(() => (this.running = undefined));
    } else {
      this.wantedAgain = true;
    }
    return this.running;
  }

  private async rounds(): Promise<number> {
    let announced: number;
    do {
      this.wantedAgain = false;
      announced = 0;
      for (const sensor of this.source.sensors()) {
        this.announce(sensor.attributes);
        announced += 1;
        if (announced % ANNOUNCEMENTS_A_TURN === 0) await this.source.room();
      }
    } while (this.wantedAgain);
    return announced;
  }
}

/** @throws {UsageError} naming `attributes` when they cannot be announced */
export function checkAnnounceable(attributes: Attributes): void {
  const sensor = attributes.katcp_name ?? attributes.name;
  let bytes: number;
  try {
    bytes = Buffer.byteLength(JSON.stringify(attributes));
  } catch (error) {
    throw new UsageError('attributes', sensor, `cannot be written as JSON: ${(error as Error).message}`);
  }
  if (bytes > LARGEST_ATTRIBUTES_BYTES) {
    throw new UsageError(
      'attributes',
      sensor,
      `take ${bytes} bytes; at most ${LARGEST_ATTRIBUTES_BYTES} are allowed`,
    );
  }
}
