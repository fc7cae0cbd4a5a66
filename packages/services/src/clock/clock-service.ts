import { BusService } from '@katbus/bus/nats';
import { CLOCK_NOW_SUBJECT, everyAligned, SUBJECTS, type Site } from '@katbus/protocol';
import type { RunningService, Service, ServiceContext } from '../service.ts';
import { checkSite } from './site.ts';
import { timeMessage } from './time-message.ts';

export interface ClockOptions {
  readonly site: Site;
  /** UT1 - UTC, seconds; never beyond 0.9 while there are leap seconds. */
  readonly dut1Seconds: number;
}

const PUBLISH_EACH_MS = 1_000;

/** Publishes the time on `portal.time`, on the second, and tells it on request. */
export class ClockService implements Service {
  readonly name = 'clock';
  private readonly options: ClockOptions;

  /** @throws {SiteError} */
  constructor(options: ClockOptions) {
    checkSite(options.site);
    this.options = options;
  }

  async start({ connection, logger }: ServiceContext): Promise<RunningService> {
    const service = await BusService.start(connection, {
      name: this.name,
      version: '0.1.0',
      description: `The time at ${this.options.site.name}`,
      metadata: { katbus: 'service' },
      endpoints: [{ name: 'now', subject: CLOCK_NOW_SUBJECT, handler: () => this.now() }],
    });
    const stopPublishing = everyAligned(PUBLISH_EACH_MS, () => {
      // What the client library would keep while the connection is down is stale when it comes: the next second will do.
      if (connection.connected) connection.publish(SUBJECTS.time, JSON.stringify(this.now()));
    });
    const { name, latitude, longitude } = this.options.site;
    logger.info(`clock: ${SUBJECTS.time} for ${name} (${latitude}, ${longitude})`);
    return {
      readiness: () => (connection.connected ? undefined : 'the connection to NATS is down'),
      stop: async () => {
        stopPublishing();
        await service.stop();
      },
    };
  }

  private now() {
    return timeMessage(Date.now() / 1000, this.options.site, this.options.dut1Seconds);
  }
}
