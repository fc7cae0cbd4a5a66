import type { Sample, Status } from '@katbus/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SensorBook } from '../../src/page/sensor-book.ts';
import { filterSensors } from '../../src/page/sensor-filter.ts';
import { listRows } from '../../src/page/list-rows.ts';

function sampleOf(name: string, status: Status = 'nominal'): Sample {
  return { name, time: 1, value_ts: 1, status, value: 1 };
}

function filled(): SensorBook {
  const book = new SensorBook();
  book.putSample('sensor.normal.wx.wind', sampleOf('wx_wind', 'warn'));
  book.putSample('sensor.archive.host.cpu_10', sampleOf('host_cpu_10'));
  book.putSample('sensor.archive.host.cpu_2', sampleOf('host_cpu_2'));
  book.putAttributes(
    { component: 'host', sensor: 'boot' },
    { name: 'host_boot', description: 'Start of the machine' },
  );
  return book;
}

describe('sensor book', () => {
  it('is in order of component and sensor, numbers by their size', () => {
    const addresses = filled()
      .sorted()
      .map(({ address }) => address);
    expect(addresses).toEqual(['host.boot', 'host.cpu_2', 'host.cpu_10', 'wx.wind']);
  });

  it('keeps the newest sample of a sensor, whichever of its subjects it came on', () => {
    const book = filled();
    book.putSample('sensor.archive.wx.wind', { ...sampleOf('wx_wind'), value: 7 });
    expect(book.get('wx.wind')?.sample?.value).toBe(7);
    expect(book.size).toBe(4);
    expect(book.putSample('portal.time', sampleOf('x'))).toBeUndefined();
  });

  it('takes announced attributes of the subject’s component only', () => {
    const book = filled();
    book.putAnnounced('attributes.wx', { name: 'wx_wind', units: 'm/s' });
    book.putAnnounced('attributes.wx', { name: 'host_boot', units: 'K' });
    book.putAnnounced('sensor.wx', { name: 'sensor_x' });
    expect(book.get('wx.wind')?.attributes?.units).toBe('m/s');
    expect(book.get('host.boot')?.attributes?.units).toBeUndefined();
    expect(book.size).toBe(4);
  });

  it('tells by its counters what has to be painted anew', () => {
    const book = filled();
    const { membership, statuses } = book;
    book.putSample('sensor.archive.wx.wind', sampleOf('wx_wind', 'warn'));
    expect([book.membership, book.statuses]).toEqual([membership, statuses]);
    book.putSample('sensor.archive.wx.wind', sampleOf('wx_wind', 'error'));
    expect([book.membership, book.statuses]).toEqual([membership, statuses + 1]);
    book.setAbsent(['dome']);
    expect(book.membership).toBe(membership + 1);
    expect([book.isStale('dome'), book.isStale('wx')]).toEqual([true, false]);
    expect(book.complaintOf('dome')).toBe('does not answer');
  });

  it('knows by its presence why a component is gone, until a live sample says otherwise', () => {
    const book = filled();
    const presence = { component: 'wx', state: 'absent', since: 1_795_305_601, instances: [] };
    const { membership } = book;
    book.putPresence(presence);
    expect(book.membership).toBe(membership + 1);
    expect([book.isStale('wx'), book.complaintOf('wx')]).toEqual([
      true,
      'absent since 2026-11-22 00:00:01 UTC',
    ]);
    book.putPresence({ ...presence, state: 'left' });
    expect(book.complaintOf('wx')).toBe('left at 2026-11-22 00:00:01 UTC');
    book.putPresence({
      ...presence,
      state: 'duplicate',
      instances: [{ lastHeartbeat: 1 }, { lastHeartbeat: 1 }],
    });
    expect([book.isStale('wx'), book.complaintOf('wx')]).toEqual([false, 'runs 2 times']);
    book.putPresence(presence);
    book.heardOf('wx');
    expect([book.isStale('wx'), book.complaintOf('wx')]).toEqual([false, undefined]);
    // A presence that is there outweighs a listing that it did not answer.
    book.setAbsent(['wx']);
    book.putPresence({ ...presence, state: 'present' });
    expect(book.isStale('wx')).toBe(false);
    for (const rubbish of [null, 7, {}, { component: 'wx' }]) book.putPresence(rubbish);
    expect(book.isStale('wx')).toBe(false);
  });

  it('counts statuses rightly whatever comes', () => {
    const status = fc.constantFrom<Status>('nominal', 'warn', 'error', 'unknown');
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), status)), (steps) => {
        const book = new SensorBook();
        const expected = new Map<number, Status>();
        for (const [sensor, next] of steps) {
          book.putSample(`sensor.normal.c.s${sensor}`, sampleOf(`c_s${sensor}`, next));
          expected.set(sensor, next);
        }
        for (const one of ['nominal', 'warn', 'error', 'unknown', 'failure'] as const) {
          expect(book.countOf(one)).toBe([...expected.values()].filter((other) => other === one).length);
        }
      }),
    );
  });
});

describe('sensor filter', () => {
  const names = (text: string, status?: Status) =>
    filterSensors(filled().sorted(), { text, status }).map(({ address }) => address);

  it('wants every word, somewhere in names, description or units, in any case', () => {
    expect(names('')).toHaveLength(4);
    expect(names('CPU host')).toEqual(['host.cpu_2', 'host.cpu_10']);
    expect(names('machine start')).toEqual(['host.boot']);
    expect(names('host wind')).toEqual([]);
    expect(names('wx_wind')).toEqual(['wx.wind']);
  });

  it('may want one status; what has no sample is unknown', () => {
    expect(names('', 'warn')).toEqual(['wx.wind']);
    expect(names('', 'unknown')).toEqual(['host.boot']);
    expect(names('cpu', 'warn')).toEqual([]);
  });
});

describe('list rows', () => {
  it('have a heading for each component with the number of its sensors', () => {
    const rows = listRows(filled().sorted());
    expect(rows.map((row) => (row.kind === 'component' ? [row.component, row.sensors] : row.place))).toEqual([
      ['host', 3],
      0,
      1,
      2,
      ['wx', 1],
      3,
    ]);
  });
});
