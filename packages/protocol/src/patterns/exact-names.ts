/** What may stand behind a backslash and is then itself: everything of ASCII but letters and digits, as RE2 has it. */
const ESCAPABLE = /[ -/:-@[-`{-~]/;
/** What means something by itself in a regular expression. */
const META = /[\\^$.|?*+()[\]{}]/;

/** The character that is meant at a place of a regular expression, and how long it is written; undefined: something else stands there. */
function literalAt(
  source: string,
  at: number,
): { readonly text: string; readonly length: number } | undefined {
  const character = source[at];
  if (character === undefined) return undefined;
  if (!META.test(character)) return { text: character, length: 1 };
  const escaped = source[at + 1];
  if (character !== '\\' || escaped === undefined || !ESCAPABLE.test(escaped)) return undefined;
  return { text: escaped, length: 2 };
}

/** The text that a regular expression stands for when it is nothing but literal characters, else undefined. */
export function plainText(source: string): string | undefined {
  let text = '';
  for (let at = 0; at < source.length;) {
    const literal = literalAt(source, at);
    if (literal === undefined) return undefined;
    text += literal.text;
    at += literal.length;
  }
  return text;
}

/**
 * The texts that a regular expression matches when it is a list of them, anchored at both ends: `^a$`, `^(?:a|b\.c)$`, `^(a|b)$|^c$`.
 *
 * Real clients send hundreds of escaped names so.
 * @returns undefined when it is anything else
 */
export function exactNames(source: string): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (let at = 0; ;) {
    if (source[at] !== '^') return undefined;
    at += 1;
    const isGroup = source[at] === '(';
    if (isGroup) at += source.startsWith('(?:', at) ? 3 : 1;
    for (let name = ''; ;) {
      const ends = source[at] === (isGroup ? ')' : '$');
      if (ends || (isGroup && source[at] === '|')) {
        names.add(name);
        name = '';
        if (ends) break;
        at += 1;
        continue;
      }
      const literal = literalAt(source, at);
      if (literal === undefined) return undefined;
      name += literal.text;
      at += literal.length;
    }
    if (isGroup) at += 1;
    if (source[at] !== '$') return undefined;
    at += 1;
    if (at === source.length) return names;
    if (source[at] !== '|') return undefined;
    at += 1;
  }
}
