/** A counted repetition. */
const REPETITION = /\{(\d+)(?:,(\d*))?\}/y;
/** A bracket with everything in it; a `]` that comes first is a member. */
const BRACKET = /\[\^?\]?(?:\[:[^\]]*:\]|\\.|[^\]\\])*\]/sy;
/** An escape that goes on in braces. */
const BRACED_ESCAPE = /\\[xpP]\{[^}]*\}/y;

/** A class is one instruction, but takes longer to compile than a character. */
const CLASS_SIZE = 2;

/**
 * About how many instructions RE2 makes of a regular expression: seldom fewer than it does. What repetitions multiply is known before anything is
 * compiled, for `(a{1000}b{1000}){9}` takes few characters and a long time.
 */
export function expressionSize(source: string): number {
  /** Of the whole, and of each group that is open: its size, and that of its last part, which a repetition would multiply. */
  const open = [{ size: 0, last: 0 }];
  const skip = (what: RegExp, at: number): number => {
    what.lastIndex = at;
    return what.exec(source)?.[0].length ?? 0;
  };
  for (let at = 0; at < source.length;) {
    const group = open.at(-1)!;
    const character = source[at];
    let length = 1;
    if (character === '(') {
      open.push({ size: 0, last: 0 });
    } else if (character === ')' && open.length > 1) {
      open.pop();
      add(open.at(-1)!, group.size + 2);
    } else if (character === '*' || character === '+' || character === '?') {
      group.size += 1;
      group.last += 1;
    } else if (character === '{' && (length = skip(REPETITION, at)) > 0) {
      REPETITION.lastIndex = at;
      const [, least = '', most = ''] = REPETITION.exec(source) ?? [];
      const times = Math.max(Number(least), Number(most), 1);
      const repeated = (group.last + 1) * times;
      group.size += repeated - group.last;
      group.last = repeated;
    } else {
      length = Math.max(skip(BRACKET, at), skip(BRACED_ESCAPE, at), character === '\\' ? 2 : 1);
      add(group, length === 1 ? 1 : CLASS_SIZE);
    }
    at += length;
  }
  return open.reduce((sum, { size }) => sum + size, 2);
}

function add(group: { size: number; last: number }, size: number): void {
  group.size += size;
  group.last = size;
}
