import { element, setText } from './element.ts';
import type { ListRow } from './list-rows.ts';
import { statusOf, type SensorBook, type SensorEntry } from './sensor-book.ts';
import { StatusMark } from './status-mark.ts';
import { ageText } from './time-text.ts';
import { unitsText, valueText } from './value-text.ts';

/** What a row needs to know beside its own place. */
export interface RowContext {
  readonly book: SensorBook;
  /** Unix seconds by the portal's clock. */
  readonly nowSeconds: number;
  readonly selected: string | undefined;
  readonly active: string | undefined;
  readonly sensors: number;
}

export function rowId(address: string): string {
  return `row-${address}`;
}

/** One line of the list on the screen; it shows a heading or a sensor, and is used again for another when the list is scrolled. */
export class SensorRow {
  readonly element = element('div');
  readonly #heading = element('span', { className: 'component' });
  readonly #mark = new StatusMark('unknown');
  readonly #name = element('span', { className: 'name' });
  readonly #status = element('span', { className: 'status' });
  readonly #value = element('span', { className: 'value' });
  readonly #units = element('span', { className: 'units' });
  readonly #age = element('span', { className: 'age' });
  #kind: ListRow['kind'] | undefined;

  show(row: ListRow, top: number, context: RowContext): void {
    if (row.kind !== this.#kind) this.#become(row.kind);
    this.element.style.transform = `translateY(${top}px)`;
    if (row.kind === 'component') this.#showHeading(row, context);
    else this.#showSensor(row.entry, row.place, context);
  }

  #become(kind: ListRow['kind']): void {
    this.#kind = kind;
    for (const { name } of [...this.element.attributes])
      if (name !== 'style') this.element.removeAttribute(name);
    if (kind === 'component') {
      this.element.className = 'row heading';
      this.element.setAttribute('role', 'presentation');
      this.element.replaceChildren(this.#heading);
    } else {
      this.element.setAttribute('role', 'option');
      this.element.replaceChildren(
        this.#mark.element,
        this.#name,
        this.#status,
        this.#value,
        this.#units,
        this.#age,
      );
    }
  }

  #showHeading({ component, sensors }: ListRow & { kind: 'component' }, { book }: RowContext): void {
    const complaint = book.complaintOf(component);
    setText(this.#heading, [component, sensors, ...(complaint === undefined ? [] : [complaint])].join(' · '));
    this.element.classList.toggle('absent', complaint !== undefined);
  }

  #showSensor(entry: SensorEntry, place: number, context: RowContext): void {
    const { sample, attributes, address } = entry;
    const status = statusOf(entry);
    this.#mark.show(status);
    setText(this.#name, entry.sensor);
    setText(this.#status, status);
    setText(this.#value, valueText(sample?.value, attributes?.type));
    setText(this.#units, unitsText(attributes?.units, attributes?.type));
    setText(this.#age, sample === undefined ? '' : ageText(context.nowSeconds - sample.time));
    if (this.element.dataset.address !== address) {
      this.element.dataset.address = address;
      this.element.id = rowId(address);
    }
    const stale = context.book.isStale(entry.component) ? ' stale' : '';
    this.element.className = `row sensor is-${status}${context.active === address ? ' active' : ''}${stale}`;
    this.element.title =
      stale === '' ? address : `${address}: component ${context.book.complaintOf(entry.component)}`;
    this.element.setAttribute('aria-selected', String(context.selected === address));
    this.element.setAttribute('aria-setsize', String(context.sensors));
    this.element.setAttribute('aria-posinset', String(place + 1));
  }
}
