import { STATUSES, type Status } from '@katbus/protocol';

/** The colours of app.css that a canvas needs; they follow the light or dark scheme of the system. */
export interface Theme {
  readonly text: string;
  readonly grid: string;
  readonly curve: string;
  readonly surface: string;
  readonly statuses: Readonly<Record<Status, string>>;
}

export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour('text-dim'),
    grid: colour('grid'),
    curve: colour('curve'),
    surface: colour('surface'),
    statuses: Object.fromEntries(STATUSES.map((status) => [status, colour(status)])) as Record<
      Status,
      string
    >,
  };
}

/** @returns its undo */
export function onThemeChange(listener: () => void): () => void {
  const query = matchMedia('(prefers-color-scheme: dark)');
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
}
