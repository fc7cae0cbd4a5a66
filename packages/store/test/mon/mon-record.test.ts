import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeFloat } from '@katbus/protocol';
import { MonPublisher } from '../../src/mon/mon-publisher.ts';
import { parseMonRecord, type MonSample } from '../../src/mon/mon-record.ts';

/** What STORAGE.md says that a record is with us, read backwards. */
function recordOf({ address, attributes, timeUs, valueTimeUs, value }: MonSample) {
  const { assembly, mon_name, ...others } = attributes;
  const rest = Object.entries(others).filter(([field]) => !['name', 'component', 'type'].includes(field));
  const list = Array.isArray(value) ? (value as readonly (number | string)[]) : [value];
  return {
    ...Object.fromEntries(rest),
    assembly: assembly ?? address.component,
    name: mon_name ?? address.sensor,
    server_timestamp: timeUs,
    source_timestamp: valueTimeUs,
    data: list.map((element) => decodeFloat(element)),
  };
}

const seconds = (us: number) => `${Math.floor(us / 1e6)}.${String(us % 1e6).padStart(6, '0')}`;

describe('a record of CTA', () => {
  test('is a sample and attributes without loss', () => {
    const anyText = fc.string({ minLength: 1, maxLength: 20 });
    const anyTime = fc.integer({ min: 0, max: 4e15 });
    fc.assert(
      fc.property(
        fc.record(
          {
            assembly: anyText,
            name: anyText,
            serial_number: anyText,
            units: anyText,
            environment: anyText,
            server_timestamp: anyTime,
            source_timestamp: anyTime,
            data: fc.array(fc.double()),
          },
          { requiredKeys: ['assembly', 'name', 'server_timestamp', 'source_timestamp', 'data'] },
        ),
        (record) => {
          const json = JSON.stringify({
            ...record,
            server_timestamp: seconds(record.server_timestamp),
            source_timestamp: seconds(record.source_timestamp),
            data: record.data.map((number) => (Number.isFinite(number) ? number : String(number))),
          });
          // JSON prints -0 as 0.
          const data = record.data.map((number) => (number === 0 ? 0 : number));
          expect(recordOf(parseMonRecord(json, 'refuse'))).toEqual({ ...record, data });
        },
      ),
    );
  });

  test('has its times read as digits where they are JSON numbers', () => {
    const json = '{"assembly":"MST1","name":"temp","server_timestamp":1795305600.1234569,"data":[20.5]}';
    expect(parseMonRecord(json, 'floor')).toMatchObject({
      timeUs: 1_795_305_600_123_456,
      valueTimeUs: 1_795_305_600_123_456,
      value: 20.5,
    });
    expect(() => parseMonRecord(json, 'refuse')).toThrow(
      'record refused: server_timestamp "1795305600.1234569" is finer than a microsecond',
    );
  });

  test.each([
    ['[]', '(record)'],
    ['{', '(record)'],
    ['{"name":"a","server_timestamp":1,"data":[1]}', 'assembly'],
    ['{"assembly":"a","name":1,"server_timestamp":1,"data":[1]}', 'name'],
    ['{"assembly":"a","name":"b","data":[1]}', 'server_timestamp'],
    ['{"assembly":"a","name":"b","server_timestamp":"soon","data":[1]}', 'server_timestamp'],
    [
      '{"assembly":"a","name":"b","server_timestamp":1,"source_timestamp":true,"data":[1]}',
      'source_timestamp',
    ],
    ['{"assembly":"a","name":"b","server_timestamp":1,"data":1}', 'data'],
    ['{"assembly":"a","name":"b","server_timestamp":1,"data":[1,"x"]}', 'data.1'],
    ['{"assembly":"a","name":"b","server_timestamp":1,"data":[1],"units":3}', 'units'],
  ])('%s is refused for its %s', (json, field) => {
    expect(() => parseMonRecord(json, 'floor')).toThrow(expect.objectContaining({ field }));
  });
});

describe('the publisher of records', () => {
  function publisher() {
    const sent: { subject: string; payload: unknown }[] = [];
    const window = {
      room: () => Promise.resolve(),
      publish: (subject: string, payload: string) =>
        void sent.push({ subject, payload: JSON.parse(payload) as unknown }),
    };
    return { sent, publisher: new MonPublisher(window) };
  }
  const record = (fields: object) =>
    parseMonRecord(
      JSON.stringify({
        assembly: 'LST-1',
        name: 'drive.az',
        server_timestamp: '10',
        data: [1, 2],
        ...fields,
      }),
      'floor',
    );

  test('announces attributes when they are new or others', async () => {
    const { sent, publisher: mon } = publisher();
    await mon.publish(record({ serial_number: 'A1' }));
    await mon.publish(record({ serial_number: 'A1', server_timestamp: '11' }));
    await mon.publish(record({ serial_number: 'A2', server_timestamp: '12' }));
    expect(sent.map(({ subject }) => subject)).toEqual([
      'attributes.LST_1',
      'sensor.archive.LST_1.drive_az',
      'sensor.archive.LST_1.drive_az',
      'attributes.LST_1',
      'sensor.archive.LST_1.drive_az',
    ]);
    expect(sent[3]!.payload).toEqual({
      name: 'LST_1_drive_az',
      component: 'LST_1',
      type: 'float[]',
      assembly: 'LST-1',
      mon_name: 'drive.az',
      serial_number: 'A2',
    });
    expect(sent[4]!.payload).toMatchObject({ name: 'LST_1_drive_az', time: 12, value: [1, 2] });
  });

  test('sends lists of one as lists when the sensor has had others', async () => {
    const { sent, publisher: mon } = publisher();
    for (const data of [[1], [], [2]]) await mon.publish(record({ data }));
    const bodies = sent.map(({ payload }) => payload as { type?: string; value?: unknown });
    expect(bodies.map(({ type, value }) => type ?? value)).toEqual(['float', 1, 'float[]', [], [2]]);
  });

  test('refuses two sensors that would be one on the bus', async () => {
    const { publisher: mon } = publisher();
    await mon.publish(record({}));
    await expect(mon.publish(record({ name: 'drive-az' }))).rejects.toMatchObject({ field: 'name' });
  });
});
