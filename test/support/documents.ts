/** A fenced block of a Markdown document. */
export interface FencedBlock {
  /** The first line after the fence, counted from 1. */
  readonly line: number;
  /** The info string, as it stands behind the fence: `json sample`; empty when there is none. */
  readonly tag: string;
  readonly text: string;
}

/** A link that leads to a file of the repository or to a place in a document. */
export interface Link {
  readonly line: number;
  /** Relative to the document; empty for the document itself. */
  readonly path: string;
  /** Without `#`; empty when the link is to the whole file. */
  readonly anchor: string;
}

export interface MarkdownDocument {
  readonly blocks: readonly FencedBlock[];
  readonly links: readonly Link[];
  /** What a link may name after `#`: a slug for each heading. */
  readonly anchors: ReadonlySet<string>;
}

/**
 * Reads what the tests look at: fenced blocks, links within the repository, headings.
 * @throws {Error} when a fence is not closed, with its line
 */
export function parseMarkdown(text: string): MarkdownDocument {
  const blocks: FencedBlock[] = [];
  const links: Link[] = [];
  const anchors = new Set<string>();
  let open: { fence: string; indent: number; line: number; tag: string; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', fence = '', tag = ''] = /^( *)(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (open !== undefined) {
      if (fence.startsWith(open.fence) && tag.trim() === '') {
        blocks.push({ line: open.line + 1, tag: open.tag, text: open.lines.join('\n') });
        open = undefined;
      } else {
        open.lines.push(line.slice(open.indent));
      }
    } else if (fence !== '') {
      open = { fence, indent: indent.length, line: index + 1, tag: tag.trim(), lines: [] };
    } else {
      const heading = /^#{1,6} +(.*?)(?: +#+)?$/.exec(line)?.[1];
      if (heading !== undefined) anchors.add(freshSlug(heading, anchors));
      links.push(...linksOf(line, index + 1));
    }
  }
  if (open !== undefined) throw new Error(`the fence of line ${open.line} is not closed`);
  return { blocks, links, anchors };
}

/** As GitHub makes them: lower case, without punctuation, blanks as dashes; the second of two equal ones gets `-1`. */
function freshSlug(heading: string, taken: ReadonlySet<string>): string {
  const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  const slug = words.replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-');
  for (let count = 0; ; count++) {
    const fresh = count === 0 ? slug : `${slug}-${count}`;
    if (!taken.has(fresh)) return fresh;
  }
}

function linksOf(line: string, number: number): readonly Link[] {
  const prose = line.replaceAll(/`[^`]*`/g, '');
  return [...prose.matchAll(/\[[^\]]*\]\(([^)\s]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#');
      return { line: number, path: decodeURI(path), anchor };
    });
}

/** What a link's target has to offer: the anchors of a document, none for another file, undefined when there is no such file. */
export type AnchorsOf = (path: string) => ReadonlySet<string> | undefined;

/** One line for each link that leads nowhere. */
export function brokenLinks(document: MarkdownDocument, anchorsOf: AnchorsOf): readonly string[] {
  return document.links.flatMap(({ line, path, anchor }) => {
    const anchors = path === '' ? document.anchors : anchorsOf(path);
    if (anchors === undefined) return [`line ${line}: there is no ${path}`];
    if (anchor !== '' && !anchors.has(anchor)) return [`line ${line}: ${path} has no heading #${anchor}`];
    return [];
  });
}

/** The commands of a `sh` block, one a line; a backslash at its end joins a line with the next. */
export function commandsOf(text: string): readonly string[] {
  const lines = text.replaceAll(/\s*\\\n\s*/g, ' ').split('\n');
  return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}
