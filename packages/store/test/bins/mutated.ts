import fc from 'fast-check';

/** What somebody who forges a cursor may put in the place of anything in it. */
const anyForgery = fc.oneof(
  fc.constantFrom<unknown>(
    ...[-1e300, 1e300, -1, 0, 0.5, 7, 1e15, 2 ** 53, '', 'NaN', 'Infinity', null, true],
  ),
  fc.constantFrom<unknown>([], {}, [0], undefined, 'x'.repeat(1_000), [[]], { length: 3 }),
  fc.integer(),
  fc.double(),
);

/** One to three places of some JSON, each with something else in it, or shifted a little. */
export const anyMutation = fc.array(
  fc.tuple(fc.nat(), fc.option(anyForgery), fc.integer({ min: -2e6, max: 2e6 })),
  {
    minLength: 1,
    maxLength: 3,
  },
);

export function mutated(json: unknown, mutations: readonly Mutation[]): unknown {
  const root = { json: structuredClone(json) };
  for (const [place, forgery, shift] of mutations) {
    const places = placesOf(root);
    const [holder, key] = places[place % places.length]!;
    const before = holder[key];
    holder[key] = forgery === null && typeof before === 'number' ? before + shift : structuredClone(forgery);
  }
  return root.json === undefined ? undefined : (JSON.parse(JSON.stringify(root.json)) as unknown);
}

type Mutation = readonly [place: number, forgery: unknown, shift: number];

function placesOf(holder: object): [Record<string, unknown>, string][] {
  return Object.entries(holder).flatMap(([key, value]) => [
    [holder as Record<string, unknown>, key] as [Record<string, unknown>, string],
    ...(typeof value === 'object' && value !== null ? placesOf(value as object) : []),
  ]);
}
