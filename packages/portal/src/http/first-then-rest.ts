/** The same items, the first of which is there already: what is wrong with a request is thrown here. */
export async function firstThenRest<Item>(items: AsyncGenerator<Item>): Promise<AsyncGenerator<Item>> {
  const first = await items.next();
  return (async function* () {
    if (first.done !== true) yield first.value;
    yield* items;
  })();
}
