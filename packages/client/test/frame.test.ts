import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFrames } from '../src/frame.ts';
import { readNotification } from '../src/notification.ts';

describe('frame', () => {
  it('reads answers, errors and notifications, alone and in an array', () => {
    const answer = { jsonrpc: '2.0', id: 1, result: null };
    const error = { jsonrpc: '2.0', id: 2, error: { code: -32602, message: 'no', data: { field: 'start' } } };
    const notification = { jsonrpc: '2.0', method: 'gap', params: { from: 1, to: 2, reason: 'r' } };
    const kinds = (document: unknown) => readFrames(JSON.stringify(document)).map((frame) => frame?.kind);
    expect(kinds(answer)).toEqual(['result']);
    expect(kinds([answer, error, notification, 5])).toEqual(['result', 'error', 'notification', undefined]);
    expect(readFrames(JSON.stringify(error))[0]).toMatchObject({ id: 2, error: error.error });
  });

  it.each([
    ['binary', new Uint8Array([123, 125])],
    ['not JSON', '{'],
    ['a number', '5'],
    ['null', 'null'],
    ['neither answer nor notification', '{}'],
    ['an error without a code', '{"id":1,"error":{"message":"x"}}'],
    ['a notification without parameters', '{"method":"sample"}'],
  ])('is malformed when it is %s', (_, data) => {
    expect(readFrames(data)).toEqual([undefined]);
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        for (const frame of readFrames(text))
          if (frame?.kind === 'notification') readNotification(frame.method, frame.params);
      }),
    );
  });
});

describe('notification', () => {
  const sample = { name: 'host_x', time: 1, value_ts: 1, status: 'nominal', value: 1 };
  const subject = 'sensor.normal.host.x';

  it.each([
    ['sample', { subject, sample }],
    ['snapshot', { id: 1, samples: [{ subject, sample }], messages: [{ subject, message: 1 }], last: true }],
    ['attributes', { subject: 'attributes.host', attributes: { name: 'host_x' } }],
    ['message', { subject: 'portal.time', message: null }],
    ['sensorAdded', { component: 'host', sensor: 'x' }],
    ['gap', { from: 1, to: 2, reason: 'reconnected' }],
  ])('%s passes', (method, params) => {
    expect(readNotification(method, params)).toEqual({ method, params });
  });

  it.each([
    ['sample', {}],
    ['sample', { subject }],
    ['sample', { subject, sample: { time: 'now' } }],
    ['snapshot', { id: 1, samples: [{ subject }], messages: [] }],
    ['snapshot', { id: 1, samples: [], messages: [null] }],
    ['snapshot', { samples: [], messages: [] }],
    ['attributes', { subject }],
    ['message', { subject: 5 }],
    ['sensorAdded', { component: 'host' }],
    ['gap', { from: 1, to: 2 }],
  ])('%s with %j is malformed', (method, params) => {
    expect(readNotification(method, params)).toBe('malformed');
  });

  it('of a later protocol is unknown, names of Object.prototype too', () => {
    expect(readNotification('weather', {})).toBe('unknown');
    expect(readNotification('constructor', {})).toBe('unknown');
  });
});
