import {
  BINS_PAGE,
  DEFAULT_BIN_COLUMNS,
  formatAddress,
  toMicroseconds,
  toSeconds,
  wallClockUs,
  type BinsRequest,
  type SensorAddress,
} from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import type { Backend } from '../backend/backend.ts';
import { binsOf, gridOfCount, gridOfWidth, type BinGrid } from '../bins/bin-grid.ts';
import type { BinsPosition, BinsSeriesQuery } from '../bins/bins-query.ts';
import { isBinsPosition } from '../bins/position-check.ts';
import { BIN_KINDS, type BinKind } from '../bins/series-bins.ts';
import { malformed, parsePositionCursor, positionCursor } from './cursor.ts';
import type { Answer, EndpointContext } from './endpoint.ts';
import { RequestError } from './request-error.ts';

/** A page of bins ends after about so long: small requests wait no longer behind large ones, and the next page is asked for in any case. */
const PAGE_MS = 250;

/** What `next` tells: where to go on, and what was found out about the sensors, as places in BIN_KINDS. */
interface BinsCursor {
  readonly kinds: string;
  readonly position: BinsPosition;
}

/** `rpc.store.bins` */
export function binsEndpoint({ backend, through }: EndpointContext): Answer {
  return async (payload) => {
    const request = parseRequest<BinsRequest>('binsRequest', payload);
    const grid = gridOf(request);
    const { sensors, after } = request;
    const cursor = after === undefined ? undefined : readCursor(after, sensors.length, grid);
    const kinds = cursor?.kinds ?? (await kindsOf(backend, sensors, grid.endUs));
    // Taken before the reading: what is stored meanwhile may be in the answer, what was stored before is.
    const throughSequence = through();
    const { series, next } = await backend.bins({
      series: sensors.map((address, place): BinsSeriesQuery => ({
        address,
        kind: BIN_KINDS[Number(kinds[place])]!,
      })),
      grid,
      columns: request.columns ?? DEFAULT_BIN_COLUMNS,
      boundary: request.boundary ?? false,
      nowUs: wallClockUs(),
      from: cursor?.position,
      mostBytes: BINS_PAGE.mostBytes,
      mostMs: PAGE_MS,
    });
    const head = {
      start: toSeconds(grid.originUs),
      width: toSeconds(grid.widthUs),
      bins: binsOf(grid),
      ...(next !== undefined && { next: positionCursor({ kinds, position: next } satisfies BinsCursor) }),
      through: throughSequence,
    };
    return `${JSON.stringify(head).slice(0, -1)},"series":[${series.join(',')}]}`;
  };
}

/** @throws {RequestError} */
function gridOf({ start, end, bins, widthSeconds }: BinsRequest): BinGrid {
  if (end <= start) throw new RequestError('BAD_REQUEST', 'end must be after start', 'end');
  if ((bins === undefined) === (widthSeconds === undefined)) {
    throw new RequestError('BAD_REQUEST', 'exactly one of bins and widthSeconds is to be given', 'bins');
  }
  const [startUs, endUs] = [toMicroseconds(start), toMicroseconds(end)];
  if (bins !== undefined) return gridOfCount(startUs, endUs, bins);
  return gridOfWidth(startUs, endUs, toMicroseconds(widthSeconds!));
}

/** @throws {RequestError} naming the first sensor that the archive does not know */
async function kindsOf(backend: Backend, sensors: readonly SensorAddress[], endUs: number): Promise<string> {
  const kinds = await Promise.all(sensors.map((address) => kindOf(backend, address, endUs)));
  return kinds.map((kind) => BIN_KINDS.indexOf(kind)).join('');
}

const KIND_OF_TYPE = new Map<string, BinKind>([
  ['integer', 'number'],
  ['float', 'number'],
  ['timestamp', 'number'],
  ['boolean', 'state'],
  ['discrete', 'state'],
  ['string', 'state'],
  ['lru', 'state'],
  ['address', 'state'],
  ['float[]', 'array'],
]);

async function kindOf(backend: Backend, address: SensorAddress, endUs: number): Promise<BinKind> {
  const row = await backend.sensor(address);
  if (row === undefined) {
    throw new RequestError('NOT_FOUND', `the archive knows no sensor ${formatAddress(address)}`, 'sensors');
  }
  const declared = KIND_OF_TYPE.get(row.attributes?.type ?? '');
  if (declared !== undefined) return declared;
  // Nobody has said what it is: its newest sample does.
  const value = (await backend.lastBefore(address, endUs))?.value ?? null;
  if (typeof value === 'number' || value === null) return 'number';
  return typeof value === 'object' ? 'array' : 'state';
}

/** @throws {RequestError} */
function readCursor(after: string, sensors: number, grid: BinGrid): BinsCursor {
  const cursor = parsePositionCursor<BinsCursor>(after);
  const { kinds, position } = cursor;
  const isOurs =
    typeof kinds === 'string' &&
    kinds.length === sensors &&
    /^[012]+$/.test(kinds) &&
    isBinsPosition(
      position,
      grid,
      Array.from(kinds, (kind) => BIN_KINDS[Number(kind)]!),
    );
  if (!isOurs) throw malformed();
  return cursor;
}
