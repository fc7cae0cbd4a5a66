/** One place in the tree of patterns: a prefix of tokens, and who wants what ends here. */
interface Place<T> {
  readonly next: Map<string, Place<T>>;
  readonly exact: Set<T>;
  /** Who has `>` behind this prefix. */
  readonly rest: Set<T>;
}

/** How many resolved subjects are remembered. Whoever publishes on endless subjects must not fill the memory. */
const MOST_CACHED = 500_000;

/**
 * From a subject to those who want it: a tree of pattern tokens, and a cache of what was resolved. A pattern without wildcards invalidates
 * one subject, another one all; resolving anew walks the tree, about a microsecond.
 *
 * @typeParam Target who wants subjects
 * @typeParam Route what a subject resolves to, made from the distinct targets
 */
export class Routes<Target, Route> {
  readonly #root: Place<Target> = newPlace();
  readonly #cache = new Map<string, Route>();
  readonly #makeRoute: (subject: string, targets: readonly Target[]) => Route;

  constructor(makeRoute: (subject: string, targets: readonly Target[]) => Route) {
    this.#makeRoute = makeRoute;
  }

  /** @param pattern a valid NATS pattern; adding one twice for a target is adding it once */
  add(pattern: string, target: Target): void {
    const tokens = pattern.split('.');
    const isRest = tokens.at(-1) === '>';
    if (isRest) tokens.pop();
    let place = this.#root;
    for (const token of tokens) {
      let next = place.next.get(token);
      if (next === undefined) place.next.set(token, (next = newPlace()));
      place = next;
    }
    (isRest ? place.rest : place.exact).add(target);
    this.#invalidate(pattern);
  }

  remove(pattern: string, target: Target): void {
    const tokens = pattern.split('.');
    const isRest = tokens.at(-1) === '>';
    if (isRest) tokens.pop();
    const path: Place<Target>[] = [this.#root];
    for (const token of tokens) {
      const next = path.at(-1)?.next.get(token);
      if (next === undefined) return;
      path.push(next);
    }
    const place = path.at(-1);
    if (place === undefined) return;
    (isRest ? place.rest : place.exact).delete(target);
    this.#prune(path, tokens);
    this.#invalidate(pattern);
  }

  resolve(subject: string): Route {
    const known = this.#cache.get(subject);
    if (known !== undefined) return known;
    const targets = new Set<Target>();
    collect(this.#root, subject.split('.'), 0, targets);
    const route = this.#makeRoute(subject, [...targets]);
    if (this.#cache.size >= MOST_CACHED) this.#cache.clear();
    this.#cache.set(subject, route);
    return route;
  }

  get cachedSubjects(): number {
    return this.#cache.size;
  }

  #invalidate(pattern: string): void {
    if (pattern.includes('*') || pattern.endsWith('>')) this.#cache.clear();
    else this.#cache.delete(pattern);
  }

  #prune(path: readonly Place<Target>[], tokens: readonly string[]): void {
    for (let depth = path.length - 1; depth > 0; depth -= 1) {
      const place = path[depth];
      const token = tokens[depth - 1];
      if (place === undefined || token === undefined) return;
      if (place.exact.size + place.rest.size + place.next.size > 0) return;
      path[depth - 1]?.next.delete(token);
    }
  }
}

function newPlace<T>(): Place<T> {
  return { next: new Map(), exact: new Set(), rest: new Set() };
}

function collect<T>(place: Place<T>, tokens: readonly string[], depth: number, into: Set<T>): void {
  const token = tokens[depth];
  if (token === undefined) {
    for (const target of place.exact) into.add(target);
    return;
  }
  for (const target of place.rest) into.add(target);
  const exact = place.next.get(token);
  if (exact !== undefined) collect(exact, tokens, depth + 1, into);
  // A subject never holds a wildcard token: this is the pattern's one.
  const any = place.next.get('*');
  if (any !== undefined) collect(any, tokens, depth + 1, into);
}
