import { encodeFloat } from '@katbus/protocol';
import type { StoredValue } from '../backend/stored-sample.ts';

/** A value as the name of a state. null: no value. */
export type State = string | number | boolean | null;

/** A longer text is cut. Two that begin alike are then one state. */
export const LONGEST_STATE = 100;
/** What a cut text ends with; by itself: all the states of a bin that are too many to be told apart. */
export const ELLIPSIS = '…';

export function stateOf(value: StoredValue): State {
  if (typeof value === 'number') return encodeFloat(value);
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value.map(encodeFloat)) : value;
  if (typeof text !== 'string' || text.length <= LONGEST_STATE) return text;
  // Not in the middle of a pair of surrogates: JSON would carry half a character.
  return text.slice(0, LONGEST_STATE).replace(/[\ud800-\udbff]$/, '') + ELLIPSIS;
}

/** The states of a page, each once: what is counted by state says their places only. */
export class StateNames {
  readonly states: State[] = [];
  readonly #places = new Map<State, number>();
  #freshBytes = 0;

  placeOf(state: State): number {
    let place = this.#places.get(state);
    if (place === undefined) {
      place = this.states.length;
      this.states.push(state);
      this.#places.set(state, place);
      this.#freshBytes += Buffer.byteLength(JSON.stringify(state)) + 1;
    }
    return place;
  }

  /** Of the names that are new since the call before, as JSON. */
  takeFreshBytes(): number {
    const bytes = this.#freshBytes;
    this.#freshBytes = 0;
    return bytes;
  }
}
