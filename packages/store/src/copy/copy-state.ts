import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { SensorAddress } from '@katbus/protocol';
import { CopyError } from './copy-archive.ts';

/** The parts of a copy, in this order. */
export const COPY_PARTS = ['attributes', 'samples', 'rest', 'verification'] as const;
export type CopyPart = (typeof COPY_PARTS)[number];

/** How far a copy has come: all before it is written. */
export interface CopyPlace {
  readonly part: CopyPart;
  /** Of `samples` and `verification`: the day that is under way, since 1970; undefined: none yet. */
  readonly day?: number | undefined;
  /** The last sensor of that day, or of that part, that is done; undefined: none. */
  readonly after?: SensorAddress | undefined;
  /** Samples until here. */
  readonly samples: number;
  /** Of `verification`: those that were compared, and all were there. */
  readonly compared?: number;
}

export const COPY_BEGIN: CopyPlace = { part: 'attributes', samples: 0 };

/** From which archive into which: how each is named, and which it is. */
export interface CopyRoute {
  readonly from: string;
  readonly to: string;
  readonly source: string;
  readonly target: string;
}

interface StateFile extends CopyRoute {
  readonly version: 2;
  readonly place: CopyPlace;
}

/**
 * Where a copy goes on when it was interrupted: a file. Of a target that acknowledges before it syncs, a place is written down only when all before it is
 * safe.
 */
export class CopyState {
  readonly #path: string;
  readonly #route: CopyRoute;
  readonly #safeAfterMs: number;
  #safe: CopyPlace;
  /** Of the last place that was taken note of. */
  #noted: { readonly part: CopyPart; readonly atMs: number } | undefined;
  /** Reached, and not safe yet, oldest first. */
  readonly #reached: { readonly place: CopyPlace; readonly atMs: number }[] = [];

  /**
   * Reads the file, if there is one.
   * @throws {CopyError} it is of another copy, or none of ours
   */
  constructor(path: string, route: CopyRoute, safeAfterMs: number) {
    this.#path = path;
    this.#route = route;
    this.#safeAfterMs = safeAfterMs;
    this.#safe = existsSync(path) ? this.#read() : COPY_BEGIN;
  }

  /** From where nothing can be missing. */
  get safe(): CopyPlace {
    return this.#safe;
  }

  /** The last one that was taken note of: all before it is acknowledged. */
  get reached(): CopyPlace {
    return this.#reached.at(-1)?.place ?? this.#safe;
  }

  /** Whether {@link reach} would take note of a place: one a second is enough to go on from. */
  isDue({ part }: CopyPlace, nowMs = Date.now()): boolean {
    return this.#noted?.part !== part || nowMs - this.#noted.atMs >= 1000;
  }

  /** All before a place is acknowledged. */
  reach(place: CopyPlace, nowMs = Date.now()): void {
    if (!this.isDue(place, nowMs)) return;
    this.#noted = { part: place.part, atMs: nowMs };
    this.#reached.push({ place, atMs: nowMs });
    const kept = this.#reached.findLastIndex(({ atMs }) => atMs <= nowMs - this.#safeAfterMs);
    if (kept < 0) return;
    this.#safe = this.#reached[kept]!.place;
    this.#reached.splice(0, kept + 1);
    this.#write();
  }

  /** What was acknowledged lately may be gone. @returns from where to go on */
  goBack(): CopyPlace {
    this.#reached.length = 0;
    this.#noted = undefined;
    return this.#safe;
  }

  /** It is done. */
  remove(): void {
    rmSync(this.#path, { force: true });
  }

  #read(): CopyPlace {
    let state: StateFile;
    try {
      state = JSON.parse(readFileSync(this.#path, 'utf8')) as StateFile;
    } catch (error) {
      throw new CopyError(`${this.#path} cannot be read: ${(error as Error).message}`);
    }
    if (state.version !== 2 || !COPY_PARTS.includes(state.place?.part)) {
      throw new CopyError(`${this.#path} is no state of a copy: remove it, or name another one with --state`);
    }
    const { from, to, source, target } = this.#route;
    const other =
      state.source !== source && state.target !== target
        ? `from ${state.from} to ${state.to}`
        : state.source !== source
          ? `from another archive than ${from}`
          : state.target !== target
            ? `into another archive than ${to}`
            : undefined;
    if (other !== undefined) {
      throw new CopyError(
        `${this.#path} is of a copy ${other}: remove it to begin anew, or name another one with --state`,
      );
    }
    return state.place;
  }

  #write(): void {
    const state: StateFile = { version: 2, ...this.#route, place: this.#safe };
    // The name comes last: nobody ever reads half of it.
    writeFileSync(`${this.#path}.new`, `${JSON.stringify(state)}\n`);
    renameSync(`${this.#path}.new`, this.#path);
  }
}
