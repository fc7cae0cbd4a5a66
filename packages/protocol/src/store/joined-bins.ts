import type { BinSeries, BinsPage } from './bins.ts';

/** Puts the parts of series that pages have cut together again. What it gives out has each sensor once, in the order in which they came. */
export class JoinedBins {
  readonly #series = new Map<string, BinSeries>();

  add({ series }: Pick<BinsPage, 'series'>): void {
    for (const part of series) {
      const address = `${part.component}.${part.sensor}`;
      const known = this.#series.get(address);
      this.#series.set(address, known === undefined ? part : joined(known, part));
    }
  }

  get series(): BinSeries[] {
    return [...this.#series.values()];
  }
}

function joined(a: BinSeries, b: BinSeries): BinSeries {
  if (a.kind === 'state' && b.kind === 'state') {
    const states = [...a.states];
    const places = b.states.map((state) => {
      const place = states.indexOf(state);
      return place === -1 ? states.push(state) - 1 : place;
    });
    const placeOf = (place: number) => places[place] ?? place;
    const held = b.held.map((pairs) => pairs.map(([state, seconds]) => [placeOf(state), seconds] as const));
    return columnsJoined({ ...a, states }, { ...b, states, last: b.last.map(placeOf), held });
  }
  return columnsJoined(a, b);
}

/** Every column but the states is a list with an element a bin. */
function columnsJoined(a: BinSeries, b: BinSeries): BinSeries {
  const columns = Object.entries(a).map(([name, column]: [string, unknown]) => {
    const more = (b as unknown as Record<string, unknown>)[name];
    const isColumn = name !== 'states' && Array.isArray(column) && Array.isArray(more);
    return [name, isColumn ? [...(column as unknown[]), ...(more as unknown[])] : column];
  });
  return Object.fromEntries(columns) as BinSeries;
}
