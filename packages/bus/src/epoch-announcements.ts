/** What announcing a clock epoch needs of a broker. */
export interface EpochSource<Sensor> {
  /** By their tokens. */
  readonly sensors: ReadonlyMap<string, Sensor>;
  announce(sensor: Sensor): void;
  /** Resolves when there is room for more in the publishing window. */
  room(): Promise<void>;
}

const ANNOUNCEMENTS_A_TURN = 500;

/**
 * Announces the attributes of a component's sensors anew when a clock epoch begins: of each before its first sample in that epoch, of
 * those that publish nothing when there is room. All at once, 200,000 of them would push samples out of the buffer.
 */
export class EpochAnnouncements<Sensor> {
  private readonly source: EpochSource<Sensor>;
  /** Tokens of those that are not announced yet; undefined: all are. */
  private waiting: Set<string> | undefined;

  constructor(source: EpochSource<Sensor>) {
    this.source = source;
  }

  begin(): void {
    const isRunning = this.waiting !== undefined;
    this.waiting = new Set(this.source.sensors.keys());
    if (!isRunning) void this.announceRest();
  }

  /** A sample goes out: what it must not precede goes first. @param subject of the sample */
  beforeSample(subject: string): void {
    if (this.waiting === undefined) return;
    const token = subject.slice(subject.lastIndexOf('.') + 1);
    if (this.waiting.delete(token)) this.announce(token);
  }

  private async announceRest(): Promise<void> {
    // Not in the turn in which the first sample of the epoch is made: that one's own announcement goes first.
    await new Promise((resolve) => setImmediate(resolve));
    let count = 0;
    for (;;) {
      const [token] = this.waiting ?? [];
      if (token === undefined) break;
      this.waiting?.delete(token);
      this.announce(token);
      count += 1;
      if (count % ANNOUNCEMENTS_A_TURN === 0) await this.source.room();
    }
    this.waiting = undefined;
  }

  private announce(token: string): void {
    const sensor = this.source.sensors.get(token);
    if (sensor !== undefined) this.source.announce(sensor);
  }
}
