import { LoopTurns } from '@katbus/bus/daemon';
import type { ListResult } from '@katbus/protocol';
import { JsonText } from '../rpc/json-text.ts';

/** Characters of a piece: few enough to be written in one go, and not a write for each sensor. */
const PIECE_CHARACTERS = 64 * 1024;

/** A listing as JSON, made in turns: `JSON.stringify` of 200,000 sensors in one go would hold up every session for a second. */
export async function listText({ sensors, absent }: ListResult, turns = new LoopTurns()): Promise<JsonText> {
  const pieces: string[] = [];
  let piece = '{"sensors":[';
  for (const [place, sensor] of sensors.entries()) {
    if (turns.isOver) await turns.next();
    piece += (place === 0 ? '' : ',') + JSON.stringify(sensor);
    if (piece.length < PIECE_CHARACTERS) continue;
    pieces.push(piece);
    piece = '';
  }
  pieces.push(`${piece}],"absent":${JSON.stringify(absent)}}`);
  return new JsonText(pieces);
}
