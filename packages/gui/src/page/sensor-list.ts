import { element } from './element.ts';
import { listRows, type ListRow } from './list-rows.ts';
import type { SensorBook, SensorEntry } from './sensor-book.ts';
import { rowId, SensorRow } from './sensor-row.ts';
import { scrollToShow, visibleRange } from './visible-range.ts';

/** The height of a row, as app.css has it. */
const ROW_PX = 30;

/**
 * The list of sensors. Only the rows that are seen exist, so that a list of thousands costs what a screenful costs.
 *
 * A listbox of WAI-ARIA: the list has the focus, arrows move the active row, Enter selects it.
 */
export class SensorList {
  readonly #root: HTMLElement;
  readonly #book: SensorBook;
  readonly #onSelect: (address: string) => void;
  readonly #spacer = element('div', { className: 'spacer', attributes: { role: 'presentation' } });
  readonly #pool: SensorRow[] = [];
  #rows: readonly ListRow[] = [];
  #sensors: readonly SensorEntry[] = [];
  #selected: string | undefined;
  #active: string | undefined;
  /** Selected before it was listed: scrolled to when it is. */
  #unseen: string | undefined;

  /** @param onScroll called when other rows come into sight: {@link paint} is to follow */
  constructor(
    root: HTMLElement,
    book: SensorBook,
    onSelect: (address: string) => void,
    onScroll: () => void,
  ) {
    this.#root = root;
    this.#book = book;
    this.#onSelect = onSelect;
    root.append(this.#spacer);
    root.addEventListener('scroll', onScroll, { passive: true });
    new ResizeObserver(onScroll).observe(root);
    root.addEventListener('click', (event) => {
      const row =
        event.target instanceof Element ? event.target.closest<HTMLElement>('[data-address]') : null;
      if (row?.dataset.address !== undefined) this.#choose(row.dataset.address);
    });
    root.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || !this.#pressed(event.key)) return;
      event.preventDefault();
      onScroll();
    });
  }

  /** Which sensors are listed, in order. */
  show(sensors: readonly SensorEntry[]): void {
    this.#sensors = sensors;
    this.#rows = listRows(sensors);
    this.#spacer.style.height = `${this.#rows.length * ROW_PX}px`;
    if (this.#unseen !== undefined) this.#scrollTo(this.#unseen);
  }

  select(address: string | undefined): void {
    this.#selected = address;
    this.#active = address ?? this.#active;
    this.#unseen = undefined;
    if (address !== undefined) this.#scrollTo(address);
  }

  /** @param nowSeconds by the portal's clock */
  paint(nowSeconds: number): void {
    const { scrollTop, clientHeight } = this.#root;
    const { first, end } = visibleRange(scrollTop, clientHeight, ROW_PX, this.#rows.length);
    const context = {
      book: this.#book,
      nowSeconds,
      selected: this.#selected,
      active: this.#active,
      sensors: this.#sensors.length,
    };
    for (const [place, row] of this.#rows.slice(first, end).entries()) {
      let view = this.#pool[place];
      if (view === undefined) {
        view = new SensorRow();
        this.#pool.push(view);
      }
      if (!view.element.isConnected) this.#spacer.append(view.element);
      view.show(row, (first + place) * ROW_PX, context);
    }
    for (const view of this.#pool.slice(end - first)) view.element.remove();
    const active = this.#active === undefined ? null : document.getElementById(rowId(this.#active));
    if (active === null) this.#root.removeAttribute('aria-activedescendant');
    else this.#root.setAttribute('aria-activedescendant', active.id);
  }

  #choose(address: string): void {
    this.#active = address;
    this.#onSelect(address);
  }

  /** @returns whether the key is one of ours */
  #pressed(key: string): boolean {
    const last = this.#sensors.length - 1;
    if (last < 0) return false;
    const place = this.#sensors.findIndex(({ address }) => address === this.#active);
    const page = Math.max(1, Math.floor(this.#root.clientHeight / ROW_PX) - 1);
    const targets: Record<string, number> = {
      ArrowDown: place + 1,
      ArrowUp: place === -1 ? last : place - 1,
      PageDown: place + page,
      PageUp: place - page,
      Home: 0,
      End: last,
    };
    if (Object.hasOwn(targets, key)) {
      const target = Math.min(last, Math.max(0, targets[key]!));
      this.#active = this.#sensors[target]!.address;
      this.#scrollTo(this.#active);
      return true;
    }
    if ((key === 'Enter' || key === ' ') && this.#active !== undefined) {
      this.#onSelect(this.#active);
      return true;
    }
    return false;
  }

  #scrollTo(address: string): void {
    const row = this.#rows.findIndex((entry) => entry.kind === 'sensor' && entry.entry.address === address);
    this.#unseen = row === -1 ? address : undefined;
    if (row === -1) return;
    const { scrollTop, clientHeight } = this.#root;
    // With the heading above it, where there is one: `m012` alone says which of 64 equal lists this is.
    const withHeading = scrollToShow(Math.max(0, row - 1), scrollTop, clientHeight, ROW_PX);
    this.#root.scrollTop = scrollToShow(row, withHeading, clientHeight, ROW_PX);
  }
}
