import {
  REPORT_DEFAULTS,
  REPORT_PAGE,
  regularExpression,
  toMicroseconds,
  toSeconds,
  wallClockUs,
  type DayReportRequest,
  type ReportBounds,
  type ReportRequest,
  type SensorAddress,
  type SensorReportRequest,
} from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import { archiveReport, dayReports } from '../report/archive-report.ts';
import { selectSensors } from '../report/sensor-page.ts';
import { sensorReport, type ReportMoment } from '../report/sensor-report.ts';
import { malformed, parsePositionCursor, positionCursor } from './cursor.ts';
import type { Answer, EndpointContext } from './endpoint.ts';
import { JsonList } from './json-list.ts';
import { checkPattern } from './request-error.ts';

/** Where a list of sensors goes on: behind this one, at the moment of which the first page spoke. */
interface SensorCursor extends SensorAddress {
  readonly atUs: number;
  /** What the list is ordered by; null: infinite. */
  readonly key: number | null;
}

/** `rpc.store.report` */
export function reportEndpoint({ backend, tallies, archiveState }: EndpointContext): Answer {
  return async (payload) => {
    const request = parseRequest<ReportRequest>('reportRequest', payload);
    tallies.check();
    const [state, gaps] = await Promise.all([archiveState(), backend.gaps()]);
    return JSON.stringify(await archiveReport(tallies, momentOf(request, wallClockUs()), state, gaps));
  };
}

/** `rpc.store.report.sensors` */
export function sensorReportEndpoint({ tallies }: EndpointContext): Answer {
  return async (payload) => {
    const request = parseRequest<SensorReportRequest>('sensorReportRequest', payload);
    const { finding, order = 'name', filter, component, limit = REPORT_PAGE.defaultSensors, after } = request;
    const pattern =
      filter === undefined ? undefined : checkPattern('filter', () => regularExpression(filter));
    const cursor = after === undefined ? undefined : readCursor(after);
    tallies.check();
    const nowUs = cursor?.atUs ?? wallClockUs();
    const moment = momentOf(request, nowUs);
    const found = await selectSensors(tallies.sensors, {
      moment,
      finding,
      order,
      filter: pattern,
      component,
      after: cursor && { address: cursor, key: cursor.key ?? Infinity },
      // One more tells whether another page follows.
      most: limit + 1,
    });
    const list = new JsonList(REPORT_PAGE.mostBytes);
    let added = 0;
    for (const { number } of found.slice(0, limit)) {
      if (!list.add(sensorReport(tallies.sensors, number, moment))) break;
      added++;
    }
    const last = added < found.length ? found[added - 1] : undefined;
    const next =
      last && positionCursor({ ...last.address, atUs: nowUs, key: last.key } satisfies SensorCursor);
    return list.toAnswer('sensors', { time: toSeconds(nowUs), next });
  };
}

/** `rpc.store.report.days` */
export function dayReportEndpoint({ backend, tallies }: EndpointContext): Answer {
  return async (payload) => {
    const { limit = REPORT_PAGE.defaultDays, after } = parseRequest<DayReportRequest>(
      'dayReportRequest',
      payload,
    );
    if (after !== undefined && !/^\d{4}-\d\d-\d\d$/.test(after)) throw malformed();
    tallies.check();
    const all = dayReports(tallies.archive, await backend.days());
    const days = all.filter(({ date }) => after === undefined || date < after);
    const list = new JsonList(REPORT_PAGE.mostBytes);
    for (const day of days.slice(0, limit)) list.add(day);
    return list.toAnswer('days', { next: days.length > limit ? days[limit - 1]?.date : undefined });
  };
}

function momentOf(bounds: ReportBounds, nowUs: number): ReportMoment {
  const { silentSeconds, stuckSeconds } = { ...REPORT_DEFAULTS, ...bounds };
  return { nowUs, silentUs: toMicroseconds(silentSeconds), stuckUs: toMicroseconds(stuckSeconds) };
}

/** @throws {RequestError} */
function readCursor(after: string): SensorCursor {
  const cursor = parsePositionCursor<SensorCursor>(after);
  const { atUs, key, component, sensor } = cursor;
  const isOurs =
    Number.isSafeInteger(atUs) &&
    (key === null || typeof key === 'number') &&
    typeof component === 'string' &&
    typeof sensor === 'string';
  if (!isOurs) throw malformed();
  return cursor;
}
