import { RESEND_HEADER, resendMark } from '@katbus/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SensorEpochs, type EpochMessage } from '../../src/archiver/sensor-epochs.ts';
import { supersedes } from '../../src/backend/stored-sample.ts';

function message(timestampUs: number, mark?: string): EpochMessage {
  return { timestampUs, header: (name) => (name === RESEND_HEADER ? mark : undefined) };
}

describe('the clock epochs of a sensor', () => {
  it('are numbered by when they were announced, whatever their names', () => {
    const epochs = new SensorEpochs(undefined, 0);
    expect(epochs.of(message(5))).toBe(0);
    epochs.announced(80, message(10));
    expect(epochs.of(message(11))).toBe(10);
    epochs.announced(50, message(20));
    epochs.announced(50, message(30));
    expect(epochs.of(message(31))).toBe(20);
    epochs.announced(undefined, message(40));
    expect(epochs.of(message(41))).toBe(40);
  });

  it('of samples that were published again are known by their mark', () => {
    const epochs = new SensorEpochs(undefined, 0);
    epochs.announced(80, message(10));
    expect(epochs.of(message(12, resendMark(undefined)))).toBe(0);
    expect(epochs.of(message(12, resendMark(80)))).toBe(10);
    epochs.announced(undefined, message(13, resendMark(undefined)));
    expect(epochs.of(message(14))).toBe(10);
  });

  it('do not begin anew when a message is delivered once more', () => {
    const epochs = new SensorEpochs(undefined, 0);
    epochs.announced(80, message(10));
    expect(epochs.of(message(9))).toBe(0);
  });

  it('make the last published sample the latest, whatever the clock, resends and restarts of the archiver do', () => {
    const step = fc.record({
      kind: fc.constantFrom('sample', 'sample', 'sample', 'set back', 'resend', 'restart'),
      byUs: fc.integer({ min: 2_000_000, max: 50_000_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let wallUs = 1_000_000_000;
        let stream = 0;
        let clockEpoch: number | undefined;
        let announced: { epoch: number | undefined; fromUs: number } = { epoch: undefined, fromUs: 0 };
        let epochs = new SensorEpochs(undefined, 0);
        let latest: { timeUs: number; epoch: number } | undefined;
        let newest: number | undefined;
        const published: { timeUs: number; mark: string }[] = [];
        const store = (timeUs: number, at: EpochMessage) => {
          const epoch = epochs.of(at);
          if (latest === undefined || supersedes(timeUs, epoch, latest.timeUs, latest.epoch))
            latest = { timeUs, epoch };
        };
        for (const { kind, byUs } of steps) {
          stream += 10;
          wallUs += 1_000;
          if (kind === 'set back') {
            wallUs -= byUs;
            clockEpoch = wallUs / 1e6;
            epochs.announced(clockEpoch, message(stream, undefined));
            announced = { epoch: clockEpoch, fromUs: stream };
          } else if (kind === 'sample') {
            newest = wallUs;
            published.push({ timeUs: wallUs, mark: resendMark(clockEpoch) });
            store(wallUs, message(stream));
          } else if (kind === 'resend') {
            const old = published[byUs % Math.max(1, published.length)];
            // Published again within the last epochs that are remembered.
            const marks = [...new Set(published.map(({ mark }) => mark))].slice(-8);
            if (old !== undefined && marks.includes(old.mark)) store(old.timeUs, message(stream, old.mark));
          } else {
            // As the book recalls it from the catalogue.
            const { epoch, fromUs } = announced;
            const since = epoch === undefined ? (latest?.epoch ?? 0) : Math.max(fromUs, latest?.epoch ?? 0);
            epochs = new SensorEpochs(epoch, since);
          }
          expect(latest?.timeUs).toBe(newest);
        }
      }),
    );
  });
});
