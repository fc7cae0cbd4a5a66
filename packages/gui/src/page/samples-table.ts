import type { ArchivedSample } from '@katbus/protocol';
import { element } from './element.ts';
import { StatusMark } from './status-mark.ts';
import { dateTimeText } from './time-text.ts';
import { valueText } from './value-text.ts';

const MOST_ROWS = 100;

/** The newest samples as a table, newest first: what a plot cannot show, and the plot for who cannot see it. */
export class SamplesTable {
  readonly #body: HTMLTableSectionElement;
  #shown: readonly ArchivedSample[] = [];

  constructor(body: HTMLTableSectionElement) {
    this.#body = body;
  }

  /** @param onlyChanges leaves out samples that repeat the value and the status of the one before */
  paint(samples: readonly ArchivedSample[], type: string | undefined, onlyChanges: boolean): void {
    const newest = newestFirst(samples, onlyChanges);
    if (
      newest.length === this.#shown.length &&
      newest.every((sample, place) => sample === this.#shown[place])
    )
      return;
    this.#shown = newest;
    this.#body.replaceChildren(...newest.map((sample) => row(sample, type)));
  }

  clear(): void {
    this.#shown = [];
    this.#body.replaceChildren();
  }
}

export function newestFirst(samples: readonly ArchivedSample[], onlyChanges: boolean): ArchivedSample[] {
  const newest: ArchivedSample[] = [];
  for (let place = samples.length - 1; place >= 0 && newest.length < MOST_ROWS; place -= 1) {
    const sample = samples[place]!;
    const before = samples[place - 1];
    const repeats = before?.status === sample.status && String(before.value) === String(sample.value);
    if (!onlyChanges || !repeats) newest.push(sample);
  }
  return newest;
}

function row({ time, status, value }: ArchivedSample, type: string | undefined): HTMLTableRowElement {
  return element('tr', {
    children: [
      element('td', { text: dateTimeText(time) }),
      element('td', { className: 'value', text: valueText(value, type) }),
      element('td', { children: [new StatusMark(status).element, document.createTextNode(` ${status}`)] }),
    ],
  });
}
