import { callService, callServiceText, type BusConnection } from '@katbus/bus/nats';
import {
  checkComponent,
  parseAddress,
  STORE_SUBJECTS,
  type ArchiveReport,
  type BinsPage,
  type BinsParams,
  type BinsRequest,
  type CataloguePage,
  type ComponentsPage,
  type ComponentsRequest,
  type DayReportPage,
  type DayReportRequest,
  type GapsPage,
  type GapsRequest,
  type HistoryPage,
  type HistoryParams,
  type HistoryRequest,
  type LatestPage,
  type LatestRequest,
  type ReportRequest,
  type SensorReportPage,
  type SensorReportRequest,
  type SensorsParams,
  type StoreStatus,
} from '@katbus/protocol';
import { RequestError, requestError } from './rpc/errors.ts';
import { JsonText } from './rpc/json-text.ts';

/** The history service, as the portal asks it. What it throws is a {@link RequestError}. */
export class StoreClient {
  readonly #connection: BusConnection;
  readonly #timeoutMs: number;

  /** @param timeoutMs how long it may take to answer, unless a call says otherwise */
  constructor(connection: BusConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {RequestError} */
  async history(params: HistoryParams): Promise<HistoryPage> {
    return this.#ask<HistoryPage>(STORE_SUBJECTS.history, historyRequest(params));
  }

  /** The same page as it came, for who only passes it on, with the gaps of its range on the first one. @throws {RequestError} */
  async historyText(params: HistoryParams): Promise<JsonText> {
    return this.#askText(STORE_SUBJECTS.history, historyRequest(params));
  }

  /** @throws {RequestError} */
  async bins(params: BinsParams): Promise<BinsPage> {
    return this.#ask<BinsPage>(STORE_SUBJECTS.bins, binsRequest(params));
  }

  /** As {@link historyText}. @throws {RequestError} */
  async binsText(params: BinsParams): Promise<JsonText> {
    return this.#askText(STORE_SUBJECTS.bins, binsRequest(params));
  }

  /** @throws {RequestError} */
  async sensors(params: SensorsParams, timeoutMs = this.#timeoutMs): Promise<CataloguePage> {
    if (params.component !== undefined) checkOwner(params.component);
    return this.#ask<CataloguePage>(STORE_SUBJECTS.sensors, params, timeoutMs);
  }

  /** @throws {RequestError} */
  components(request: ComponentsRequest, timeoutMs: number): Promise<ComponentsPage> {
    return this.#ask<ComponentsPage>(STORE_SUBJECTS.components, request, timeoutMs);
  }

  /** @throws {RequestError} */
  latest(request: LatestRequest, timeoutMs: number): Promise<LatestPage> {
    return this.#ask<LatestPage>(STORE_SUBJECTS.latest, request, timeoutMs);
  }

  /** @throws {RequestError} */
  report(request: ReportRequest): Promise<ArchiveReport> {
    return this.#ask<ArchiveReport>(STORE_SUBJECTS.report, request);
  }

  /** @throws {RequestError} */
  async reportSensors(request: SensorReportRequest): Promise<SensorReportPage> {
    if (request.component !== undefined) checkOwner(request.component);
    return this.#ask<SensorReportPage>(STORE_SUBJECTS.reportSensors, request);
  }

  /** @throws {RequestError} */
  reportDays(request: DayReportRequest): Promise<DayReportPage> {
    return this.#ask<DayReportPage>(STORE_SUBJECTS.reportDays, request);
  }

  /** @throws {RequestError} */
  status(timeoutMs: number): Promise<StoreStatus> {
    return this.#ask<StoreStatus>(STORE_SUBJECTS.status, {}, timeoutMs);
  }

  /** What was lost before it could be stored, in times that touch the range: the first page. @throws {RequestError} */
  async gaps(request: GapsRequest): Promise<GapsPage> {
    try {
      const timeoutMs = this.#timeoutMs;
      return (await callService(this.#connection, STORE_SUBJECTS.gaps, request, { timeoutMs })) as GapsPage;
    } catch (error) {
      throw requestError(error);
    }
  }

  async #askText(subject: string, request: HistoryRequest | BinsRequest): Promise<JsonText> {
    const { start, end, after } = request;
    const lost = after === undefined ? this.gaps({ start, end }) : undefined;
    // What is wrong with the request itself is told first.
    lost?.catch(() => undefined);
    try {
      const timeoutMs = this.#timeoutMs;
      const text = await callServiceText(this.#connection, subject, request, { timeoutMs });
      const { gaps = [] } = (await lost) ?? {};
      return new JsonText(
        gaps.length === 0 ? text : `${text.trimEnd().slice(0, -1)},"gaps":${JSON.stringify(gaps)}}`,
      );
    } catch (error) {
      throw requestError(error);
    }
  }

  async #ask<Result>(subject: string, request: object, timeoutMs = this.#timeoutMs): Promise<Result> {
    try {
      return (await callService(this.#connection, subject, request, { timeoutMs })) as Result;
    } catch (error) {
      throw requestError(error);
    }
  }
}

function historyRequest({ sensor, ...range }: HistoryParams): HistoryRequest {
  checkRange(range);
  return { ...withField('sensor', () => parseAddress(sensor)), ...range };
}

function binsRequest({ sensors, ...range }: BinsParams): BinsRequest {
  checkRange(range);
  if ((range.bins === undefined) === (range.widthSeconds === undefined)) {
    throw new RequestError('invalidParams', 'exactly one of bins and widthSeconds is to be given', 'bins');
  }
  const addresses = sensors.map((sensor) => withField('sensors', () => parseAddress(sensor)));
  return { sensors: addresses, ...range };
}

/** @throws {RequestError} */
function checkRange({ start, end }: { readonly start: number; readonly end: number }): void {
  if (end <= start) throw new RequestError('invalidParams', 'end must be after start', 'end');
}

/** Refuses a component that would have nothing for a reason that the caller should know. @throws {RequestError} */
export function checkOwner(component: string): void {
  withField('component', () => checkComponent(component, { mayBeAlarms: true }));
}

function withField<Result>(field: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw requestError(error, field);
  }
}
