/**
 * Gives the things of a machine (filesystems, interfaces, chips) the parts of sensor names, and keeps them: two things
 * never share one, although `/a/b` and `/a_b` read the same when only letters, digits and `_` are left.
 */
export class SensorParts {
  private readonly partOf = new Map<string, string>();
  private readonly taken = new Set<string>();

  /** @param wanted how the thing would like to be called, any text */
  of(thing: string, wanted: string = thing): string {
    const known = this.partOf.get(thing);
    if (known !== undefined) return known;
    const plain =
      wanted
        .replaceAll(/[^A-Za-z0-9]+/g, '_')
        .replaceAll(/^_+|_+$/g, '')
        .slice(0, LONGEST_PART) || 'unnamed';
    let part = plain;
    for (let number = 2; this.taken.has(part); number += 1) part = `${plain}_${number}`;
    this.taken.add(part);
    this.partOf.set(thing, part);
    return part;
  }
}

/** Leaves room in a sensor's name for what stands around the part. */
const LONGEST_PART = 64;
