import type { Logger } from '@katbus/bus/daemon';
import type { BusConnection, BusService } from '@katbus/bus/nats';
import { toSeconds, wallClockUs, type StoreStatus } from '@katbus/protocol';
import type { ArchiverOptions } from '../archiver/archiver-options.ts';
import { Archiver, type ArchiverParts } from '../archiver/archiver.ts';
import type { Backend } from '../backend/backend.ts';
import { CatalogueNotice } from '../history-service/catalogue-notice.ts';
import { HistoryService } from '../history-service/history-service.ts';
import type { ArchiveState } from '../report/archive-report.ts';
import { ReportTallies } from '../report/report-tallies.ts';
import type { StoreMetrics } from '../store-metrics.ts';

export interface TenureParts extends Omit<ArchiverParts, 'onCatalogueChanged' | 'onStored'> {
  readonly connection: BusConnection;
  readonly backend: Backend;
  readonly logger: Logger;
  readonly metrics: StoreMetrics;
  readonly version: string;
  readonly archiverOptions: ArchiverOptions;
}

/** What only the active store does, from when it became active until it ends: the archiver and the history service, on one back end. */
export class Tenure {
  readonly archiver: Archiver;
  /** Settles when the archiver ends; a rejection is fatal. */
  readonly ended: Promise<void>;
  readonly #parts: TenureParts;
  readonly #notice: CatalogueNotice;
  readonly #tallies: ReportTallies;
  #service: BusService | undefined;

  private constructor(parts: TenureParts, tallies: ReportTallies) {
    this.#parts = parts;
    this.#tallies = tallies;
    this.#notice = new CatalogueNotice(parts.connection, () => this.archiver.sensors);
    this.archiver = new Archiver(
      {
        ...parts,
        onCatalogueChanged: () => this.#notice.changed(),
        onStored: (batch, { summary, poison }) => {
          tallies.stored(batch, summary, poison);
        },
      },
      parts.archiverOptions,
    );
    this.ended = this.archiver.run();
    // Met by whoever waits for it; until then a failure must not count as unhandled.
    this.ended.catch(() => undefined);
  }

  /** @throws {DisconnectedError} */
  static async begin(parts: TenureParts): Promise<Tenure> {
    // Before anything is stored, so that everything is counted; and before the first question.
    const tenure = new Tenure(parts, await ReportTallies.open(parts));
    try {
      tenure.#service = await HistoryService.start({
        ...parts,
        through: () => tenure.through,
        status: () => tenure.#status(),
        retry: (rows) => tenure.archiver.retry(rows),
        tallies: tenure.#tallies,
        archiveState: () => tenure.#archiveState(),
      });
      return tenure;
    } catch (error) {
      await tenure.end();
      throw error;
    }
  }

  /** The ARCHIVE sequence through which everything is stored. */
  get through(): number {
    return this.archiver.floor?.sequence ?? 0;
  }

  /** Stores what is in hand if it still may, and answers what was asked. Never rejects. */
  async end(): Promise<void> {
    this.archiver.stop();
    await this.ended.catch(() => undefined);
    await this.#service?.stop();
    await this.#tallies.close();
    this.#notice.close();
  }

  async #archiveState(): Promise<ArchiveState> {
    const { floor } = this.archiver;
    const { state, bytes, lagMessages } = await this.#status();
    const isLate = lagMessages > 0 && floor !== undefined;
    const lagSeconds = isLate ? Math.max(0, toSeconds(wallClockUs() - floor.messageUs)) : 0;
    return { state, bytes, lagMessages, lagSeconds };
  }

  async #status(): Promise<StoreStatus> {
    const { backend, metrics, version } = this.#parts;
    // First how far it is, then the figures: they hold at least what that promises.
    const lagMessages = await this.archiver.lagMessages();
    const { through } = this;
    const { state } = this.archiver.status;
    const { sensors, quarantined, bytes } = await backend.statistics();
    const { values } = await metrics.samples.get();
    return {
      backend: backend.name,
      version,
      state,
      sensors,
      samplesWritten: values[0]?.value ?? 0,
      quarantined,
      lagMessages,
      through,
      bytes,
    };
  }
}
