/** What every pattern language of Katbus compiles to. */
export interface Pattern {
  /** As it was written. */
  readonly source: string;
  matches(text: string): boolean;
  /** The one text that it matches, when there is just one: a caller may then look it up instead of scanning. */
  readonly literal: string | undefined;
}
