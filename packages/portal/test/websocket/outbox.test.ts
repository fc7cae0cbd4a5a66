import fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { Publication } from '../../src/delivery/publication.ts';
import { Snapshot, SnapshotMemory } from '../../src/delivery/snapshot.ts';
import { SnapshotPages } from '../../src/delivery/snapshot-pages.ts';
import { PortalMetrics } from '../../src/metrics.ts';
import { AnswerTurns } from '../../src/websocket/answer-turns.ts';
import { Outbox, type Wire } from '../../src/websocket/outbox.ts';

/** A socket whose network takes bytes when the test says so. */
class TestWire implements Wire {
  readonly frames: { method?: string; params?: Record<string, unknown>; answer?: number }[] = [];
  #message = '';
  #bytes = Buffer.alloc(0);
  writableLength = 0;
  takenBytes = 0;
  mostWaiting = 0;

  write(bytes: Buffer): void {
    this.writableLength += bytes.length;
    this.mostWaiting = Math.max(this.mostWaiting, this.writableLength);
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (let frame = this.#takeFrame(); frame !== undefined; frame = this.#takeFrame()) this.#take(frame);
  }

  /** The next frame, when all of it has come. */
  #takeFrame(): { first: number; text: string } | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const headerBytes = bytes[1] === 127 ? 10 : bytes[1] === 126 ? 4 : 2;
    if (bytes.length < headerBytes) return undefined;
    const length =
      headerBytes === 2 ? bytes[1]! : headerBytes === 4 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(6);
    if (bytes.length < headerBytes + length) return undefined;
    this.#bytes = bytes.subarray(headerBytes + length);
    return { first: bytes[0]!, text: bytes.subarray(headerBytes, headerBytes + length).toString() };
  }

  #take({ first, text }: { first: number; text: string }): void {
    // A text frame begins a message, and only a continuation goes on with one (RFC 6455, section 5.4).
    expect((first & 0x0f) === 1).toBe(this.#message === '');
    this.#message += text;
    if ((first & 0x80) === 0) return;
    this.frames.push(JSON.parse(this.#message) as object);
    this.#message = '';
  }

  drain(): void {
    this.takenBytes += this.writableLength;
    this.writableLength = 0;
  }
}

const LIMITS = { outboxBytes: 1_000, heldSensors: 3, allBytes: 4_000, stuckMs: 1_000 };

function setUp(limits = LIMITS) {
  const wire = new TestWire();
  const overruns: number[] = [];
  let gaveUp = 0;
  let answersWritten = 0;
  const outbox = new Outbox({
    wire,
    limits,
    metrics: new PortalMetrics(new Registry()),
    answerTurns: new AnswerTurns(),
    onOverran: (fromUs) => overruns.push(fromUs),
    onCannotKeepUp: () => (gaveUp += 1),
    onAnswersWritten: () => (answersWritten += 1),
    nowUs: () => 7,
  });
  const drain = () => {
    wire.drain();
    outbox.pump();
  };
  return { wire, outbox, overruns, drain, answersWritten: () => answersWritten, gaveUp: () => gaveUp };
}

function sample(key: string, number: number): Publication {
  const json = JSON.stringify({ value: number, padding: 'x'.repeat(100) });
  return new Publication('sample', `sensor.archive.${key}`, key, json, number);
}

const answer = (number: number) => JSON.stringify({ answer: number });

/** A frame in a few characters: `a5`, `a5+2` with two skipped, `answer 3`. */
function short(frame: TestWire['frames'][number]): string {
  if (frame.answer !== undefined) return `answer ${frame.answer}`;
  const {
    subject,
    sample: value,
    skipped,
    id,
  } = frame.params as Record<string, never> & { sample?: { value: number } };
  if (frame.method === 'sample') {
    return `${String(subject).split('.').at(-1)}${value?.value}${skipped === undefined ? '' : `+${String(skipped)}`}`;
  }
  return frame.method === 'snapshot' ? `page ${String(id)}` : String(frame.method);
}

function pages(id: number, count: number): SnapshotPages {
  const snapshot = new Snapshot(new SnapshotMemory(1e6));
  for (let i = 0; i < count; i += 1) snapshot.add(sample(`wx.page${i}`, i));
  snapshot.retain();
  return new SnapshotPages(id, snapshot, new Map(), 300);
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('an outbox', () => {
  test('keeps what must come whole, in order with the rest, and gives up past its bound', () => {
    const { outbox, wire, drain, gaveUp } = setUp();
    while (wire.writableLength <= LIMITS.outboxBytes) outbox.publish(sample('wx.z', 0), {});
    wire.frames.length = 0;
    outbox.publish(sample('wx.a', 1), {});
    outbox.publish(sample('wx.a', 2), { isWhole: true });
    outbox.publish(sample('wx.a', 3), {});
    outbox.publish(sample('wx.a', 4), {});
    outbox.publish(sample('wx.a', 5), { isWhole: true });
    drain();
    expect(wire.frames.map(short)).toEqual(['a1', 'a2', 'a4+1', 'a5']);
    while (gaveUp() === 0) outbox.publish(sample('wx.a', 6), { isWhole: true });
    expect(wire.writableLength).toBeLessThan(LIMITS.allBytes);
  });

  test('counts no repeat as skipped, and no skipped one twice', () => {
    const { outbox, wire, drain } = setUp();
    while (wire.writableLength <= LIMITS.outboxBytes) outbox.publish(sample('wx.z', 0), {});
    wire.frames.length = 0;
    const again = sample('wx.a', 1);
    outbox.publish(again, { isRepeat: true });
    outbox.publish(again, { isRepeat: true });
    outbox.publish(sample('wx.a', 2), {});
    const newest = sample('wx.a', 3);
    outbox.publish(newest, {});
    outbox.publish(newest, { isRepeat: true });
    drain();
    expect(wire.frames.map(short)).toEqual(['a3+1']);
    expect(wire.frames[0]?.params).not.toHaveProperty('repeat');
  });

  test('writes at once while there is room', () => {
    const { wire, outbox } = setUp();
    outbox.publish(sample('wx.a', 1), { isFirst: true });
    outbox.publish(sample('wx.a', 2), {});
    outbox.answer(answer(1), () => undefined);
    expect(wire.frames.map(short)).toEqual(['sensorAdded', 'a1', 'a2', 'answer 1']);
  });

  test('writes a large answer as the network takes it, in turns, and nothing between its pieces', async () => {
    const { wire, outbox, drain } = setUp();
    const text = JSON.stringify({ answer: 1, padding: 'x'.repeat(20_000) });
    let told = 0;
    const pieces = text.match(/.{1,600}/gu)!.map((piece) => Buffer.from(piece));
    outbox.answer(pieces, () => (told += 1));
    outbox.publish(sample('wx.a', 1), {});
    // There is room before the outbox is told so.
    wire.drain();
    outbox.publish(sample('wx.b', 1), {});
    outbox.gap({ id: 1, from: 1, to: 2, reason: 'natsLost' } as never);
    expect([told, wire.frames]).toEqual([0, []]);
    while (outbox.isWaiting) {
      await nextTurn();
      drain();
    }
    expect(told).toBe(1);
    expect(wire.frames.slice(0, 3).map(short)).toEqual(['answer 1', 'a1', 'b1']);
    expect(wire.frames).toHaveLength(4);
    expect(wire.mostWaiting).toBeLessThan(2 * LIMITS.outboxBytes);
  });

  test('makes the pieces of a large answer only as it writes them, and none when the session has ended', async () => {
    const { outbox, wire, drain } = setUp();
    let made = 0;
    let told = 0;
    const pieces = function* () {
      for (; made < 100; made += 1) yield Buffer.from('x'.repeat(600));
    };
    outbox.answer(pieces(), () => (told += 1));
    outbox.answer(answer(2), () => (told += 1));
    for (let turn = 0; turn < 10; turn += 1) await nextTurn();
    expect(wire.writableLength).toBeLessThan(2 * LIMITS.outboxBytes);
    expect(made).toBeLessThan(5);
    drain();
    outbox.close();
    expect(told).toBe(2);
    for (let turn = 0; turn < 10; turn += 1) await nextTurn();
    expect(made).toBeLessThan(5);
  });

  test('keeps the newest of each sensor past its bytes, and counts what is skipped', () => {
    const { wire, outbox, drain } = setUp();
    // Six of about 220 bytes are written before the socket holds more than 1,000; in the outbox nothing fits beside them.
    for (let i = 1; i <= 10; i += 1) outbox.publish(sample('wx.a', i), {});
    outbox.publish(sample('wx.b', 1), {});
    const written = wire.frames.length;
    drain();
    expect(wire.frames.slice(written).map(short)).toEqual([`a10+${9 - written}`, 'b1']);
    outbox.publish(sample('wx.a', 11), {});
    expect(wire.frames.map(short).at(-1)).toBe('a11');
  });

  test('writes answers before everything that waits, and says when none waits', () => {
    const { wire, outbox, drain, answersWritten } = setUp();
    const begun: string[] = [];
    while (wire.writableLength <= LIMITS.outboxBytes) outbox.publish(sample('wx.a', 0), {});
    const written = wire.frames.length;
    outbox.publish(sample('wx.b', 1), {});
    outbox.answer(answer(1), () => begun.push('first'));
    outbox.answer(answer(2), () => {
      begun.push('second');
      outbox.snapshot(pages(1, 2));
      outbox.publish(sample('wx.c', 1), {});
    });
    expect(outbox.answersWait).toBe(true);
    expect(begun).toEqual([]);
    drain();
    expect(begun).toEqual(['first', 'second']);
    expect(wire.frames.slice(written).map(short)).toEqual([
      'answer 1',
      'answer 2',
      'b1',
      'page 1',
      'page 1',
      'c1',
    ]);
    expect(answersWritten()).toBe(1);
  });

  test('drops what comes past its sensors, and says since when, when all that waited is written', () => {
    const { wire, outbox, drain, overruns } = setUp();
    while (wire.writableLength <= LIMITS.outboxBytes) outbox.publish(sample('wx.z', 0), {});
    const written = wire.frames.length;
    for (const key of ['a', 'b', 'c', 'd', 'e', 'a']) outbox.publish(sample(`wx.${key}`, 1), {});
    drain();
    expect(wire.frames.slice(written).map(short)).toEqual(['a1+1', 'b1', 'c1']);
    expect(overruns).toEqual([7]);
    drain();
    expect(overruns).toEqual([7]);
  });

  test('never mixes what waits before a snapshot with what waits behind it', () => {
    const { wire, outbox, drain } = setUp();
    while (wire.writableLength <= LIMITS.outboxBytes) outbox.publish(sample('wx.z', 0), {});
    const written = wire.frames.length;
    outbox.publish(sample('wx.a', 1), {});
    outbox.snapshot(pages(1, 1));
    outbox.publish(sample('wx.a', 2), {});
    drain();
    expect(wire.frames.slice(written).map(short)).toEqual(['a1', 'page 1', 'a2']);
  });

  test('forgets what nobody wants any more', () => {
    const { wire, outbox, drain } = setUp();
    while (wire.writableLength <= LIMITS.outboxBytes) outbox.publish(sample('wx.z', 0), {});
    const written = wire.frames.length;
    outbox.publish(sample('wx.a', 1), {});
    outbox.snapshot(pages(1, 1));
    outbox.snapshot(pages(2, 1));
    outbox.publish(sample('wx.b', 1), {});
    outbox.forget(1, (subject) => subject.endsWith('.b'));
    drain();
    expect(wire.frames.slice(written).map(short)).toEqual(['page 2', 'b1']);
  });

  test('says that it had to drop something also when what waited is wanted no more', () => {
    const { wire, outbox, overruns, drain } = setUp();
    while (wire.writableLength <= LIMITS.outboxBytes) outbox.publish(sample('wx.z', 0), {});
    for (const key of ['wx.a', 'wx.b', 'wx.c', 'wx.d']) outbox.publish(sample(key, 1), {});
    // The socket has taken a part, and is going to say so when it has taken all.
    wire.writableLength = 10;
    outbox.forget(1, () => false);
    expect(outbox.isWaiting).toBe(false);
    expect(overruns).toEqual([]);
    drain();
    expect(overruns).toEqual([7]);
    drain();
    expect(overruns).toEqual([7]);
  });

  test('is stuck when nothing of what waits is taken for the given time', () => {
    const { wire, outbox } = setUp();
    const nowMs = performance.now();
    expect(outbox.isStuck(nowMs + 10_000)).toBe(false);
    while (wire.writableLength <= LIMITS.outboxBytes) outbox.publish(sample('wx.z', 0), {});
    expect(outbox.isStuck(nowMs + 10_500)).toBe(false);
    expect(outbox.isStuck(nowMs + 11_000)).toBe(true);
    wire.takenBytes += 10;
    expect(outbox.isStuck(nowMs + 11_500)).toBe(false);
    expect(outbox.isStuck(nowMs + 12_500)).toBe(true);
  });

  test('gives back the snapshots that it still holds when the session ends, and begins nothing', () => {
    const { wire, outbox } = setUp();
    while (wire.writableLength <= LIMITS.outboxBytes) outbox.publish(sample('wx.z', 0), {});
    const memory = new SnapshotMemory(1e6);
    const snapshot = new Snapshot(memory);
    snapshot.add(sample('wx.a', 1));
    snapshot.retain();
    outbox.snapshot(new SnapshotPages(1, snapshot, new Map(), 300));
    let told = 0;
    outbox.answer(answer(1), () => (told += 1));
    expect(memory.bytes).toBeGreaterThan(0);
    outbox.close();
    expect(memory.bytes).toBe(0);
    expect(told).toBe(1);
  });

  test('delivers, of each sensor, in order, the newest and a true count of what it skipped, however the client reads', () => {
    const event = fc.oneof(
      { weight: 8, arbitrary: fc.record({ key: fc.constantFrom('a', 'b', 'c') }) },
      { weight: 1, arbitrary: fc.constant('drain' as const) },
      { weight: 1, arbitrary: fc.constant('pages' as const) },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 150 }), (events) => {
        // As many places as sensors may wait on each side of the snapshots: nothing is ever dropped.
        const { wire, outbox, drain } = setUp({ ...LIMITS, heldSensors: 1_000 });
        const published = new Map<string, number>();
        for (const each of events) {
          if (each === 'drain') drain();
          else if (each === 'pages') outbox.snapshot(pages(1, 3));
          else {
            const number = (published.get(each.key) ?? 0) + 1;
            published.set(each.key, number);
            outbox.publish(sample(`wx.${each.key}`, number), {});
          }
        }
        while (outbox.isWaiting) drain();
        const last = new Map<string, number>();
        for (const { method, params } of wire.frames) {
          if (method !== 'sample') continue;
          const {
            subject,
            sample: value,
            skipped,
          } = params as unknown as {
            subject: string;
            sample: { value: number };
            skipped?: number;
          };
          const key = subject.split('.').at(-1) ?? '';
          expect(value.value).toBe((last.get(key) ?? 0) + (skipped ?? 0) + 1);
          last.set(key, value.value);
        }
        expect(last).toEqual(published);
        expect(wire.mostWaiting).toBeLessThan(LIMITS.outboxBytes + 500);
      }),
    );
  });
});
