import type { BrokerEvent } from '@katbus/bus';
import type { Logger } from '@katbus/bus/daemon';

const REPORT_DROPS_EACH_MS = 10_000;

/** What goes wrong between many components of one process and NATS, told as one: all of them lose the same server. */
export class BusTrouble {
  private readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  private readonly cutOff = new Set<string>();
  private readonly stalled = new Set<string>();
  private dropped = 0;
  private dropsToldAtMs = -Infinity;
  private readonly refused = new Set<string>();

  constructor(logger: Pick<Logger, 'info' | 'warn' | 'error'>) {
    this.logger = logger;
  }

  /** Undefined when all is well. */
  get reason(): string | undefined {
    if (this.cutOff.size === 0) return undefined;
    return `the connection to NATS is down for ${this.cutOff.size} components`;
  }

  take(component: string, event: BrokerEvent): void {
    switch (event.type) {
      case 'connection':
        if (event.status.type === 'disconnected') {
          this.begin(this.cutOff, component, event.status.detail);
        } else if (event.status.type === 'reconnected') {
          this.end(this.cutOff, component, 'all components are connected to NATS again');
        }
        break;
      case 'stalled':
        this.begin(
          this.stalled,
          `${component} ${event.lane}`,
          `${event.lane} samples are not acknowledged: ${event.reason}`,
        );
        break;
      case 'flowing':
        this.end(
          this.stalled,
          `${component} ${event.lane}`,
          'the samples of all components are acknowledged again',
        );
        break;
      case 'dropped':
        this.tellDrops(event.count, event.reason);
        break;
      case 'refused':
        if (!this.refused.has(event.reason))
          this.logger.error(`${event.subject} was refused: ${event.reason}`);
        this.refused.add(event.reason);
        break;
    }
  }

  /** A component has left by itself. */
  forget(component: string): void {
    this.cutOff.delete(component);
    for (const lane of ['archive', 'normal']) this.stalled.delete(`${component} ${lane}`);
  }

  private begin(troubled: Set<string>, who: string, line: string): void {
    if (troubled.size === 0) this.logger.warn(`${who}, perhaps others: ${line}`);
    troubled.add(who);
  }

  private end(troubled: Set<string>, who: string, line: string): void {
    if (troubled.delete(who) && troubled.size === 0) this.logger.info(line);
  }

  private tellDrops(count: number, reason: string): void {
    this.dropped += count;
    if (performance.now() - this.dropsToldAtMs < REPORT_DROPS_EACH_MS) return;
    this.dropsToldAtMs = performance.now();
    this.logger.warn(`${this.dropped} samples were dropped: ${reason}`);
    this.dropped = 0;
  }
}
