import type { ArchivedSample, Attributes, Sample } from '@katbus/protocol';
import { binReading } from './binned-past.ts';
import { element, pageElement, setText } from './element.ts';
import { Plot } from './plot.ts';
import { plotData, sampleAt } from './plot-data.ts';
import { plotKind, type PlotKind } from './plot-kind.ts';
import type { PortalClock } from './portal-clock.ts';
import { SamplesTable } from './samples-table.ts';
import { SPANS, type Span } from './selection.ts';
import { statusOf, type SensorBook, type SensorEntry } from './sensor-book.ts';
import { SensorHistory, type HistorySource } from './sensor-history.ts';
import { StatusMark } from './status-mark.ts';
import { ageText, dateTimeText } from './time-text.ts';
import { unitsText, valueText } from './value-text.ts';

export interface DetailHandlers {
  onSpan(span: Span): void;
  onBack(): void;
  /** The history has changed: {@link SensorDetail.paint} is to follow. */
  onChange(): void;
}

/** The selected sensor: its newest sample, what is fixed about it, its history as plot and table. */
export class SensorDetail {
  readonly #source: HistorySource;
  readonly #book: SensorBook;
  readonly #clock: PortalClock;
  readonly #handlers: DetailHandlers;
  readonly #root = pageElement('#detail', HTMLElement);
  readonly #mark = new StatusMark('unknown');
  readonly #plotBox = pageElement('#plot', HTMLElement);
  readonly #plot = new Plot(this.#plotBox, (time) => this.#point(time));
  readonly #table = new SamplesTable(pageElement('#samples tbody', HTMLTableSectionElement));
  readonly #tableBox = pageElement('#samples', HTMLDetailsElement);
  #shown: { readonly address: string; readonly span: Span; readonly history: SensorHistory } | undefined;
  #kind: PlotKind = { name: 'table' };
  #pointed: number | undefined;
  /** Whether live samples come: otherwise the newest value must not be drawn as if it held. */
  isLive = false;

  constructor(source: HistorySource, book: SensorBook, clock: PortalClock, handlers: DetailHandlers) {
    this.#source = source;
    this.#book = book;
    this.#clock = clock;
    this.#handlers = handlers;
    pageElement('#detail-mark', HTMLElement).append(this.#mark.element);
    pageElement('#back', HTMLButtonElement).addEventListener('click', () => handlers.onBack());
    pageElement('#spans', HTMLElement).append(...SPANS.map((span) => this.#spanButton(span)));
    this.#tableBox.addEventListener('toggle', () => handlers.onChange());
  }

  show(address: string | undefined, span: Span): void {
    if (this.#shown?.address === address && this.#shown?.span === span) return;
    this.#shown?.history.close();
    this.#shown = undefined;
    this.#root.dataset.selected = address ?? '';
    pageElement('#detail-body', HTMLElement).hidden = address === undefined;
    pageElement('#detail-empty', HTMLElement).hidden = address !== undefined;
    if (address === undefined) return;
    for (const button of document.querySelectorAll<HTMLElement>('#spans button')) {
      button.setAttribute('aria-pressed', String(button.dataset.span === span.name));
    }
    const history = new SensorHistory(this.#source, {
      address,
      spanSeconds: span.seconds,
      now: () => this.#clock.now(),
      onChange: () => this.#handlers.onChange(),
    });
    this.#shown = { address, span, history };
    const newest = this.#book.get(address)?.sample;
    if (newest !== undefined) history.add(archived(newest));
    this.#table.clear();
    this.#begin(plotKind(this.#book.get(address)?.attributes, newest?.value));
  }

  /** A live sample of any sensor. @returns whether it is the one that is shown */
  add(entry: SensorEntry, sample: Sample): boolean {
    if (this.#shown?.address !== entry.address) return false;
    this.#shown.history.add(archived(sample));
    return true;
  }

  /** Something may have been missed. */
  reload(): void {
    this.#shown?.history.reload();
  }

  paint(): void {
    if (this.#shown === undefined) return;
    const { address, span, history } = this.#shown;
    const entry = this.#book.get(address);
    const kind = plotKind(entry?.attributes, history.series.samples.at(-1)?.value);
    // Of a sensor that was just selected by the page's address nothing may be known yet, and then it may still have a plot.
    const isKnown = entry?.attributes !== undefined || history.series.samples.length > 0;
    if (kind.name !== 'table') history.wantPlot();
    else if (isKnown && history.past !== undefined) history.wantEverySample();
    // Attributes may come after the sensor was selected, and may change.
    if (JSON.stringify(kind) !== JSON.stringify(this.#kind)) this.#begin(kind);
    this.#paintReading(address, entry);
    const now = this.#clock.now();
    const { samples } = history.series;
    const holdUntil = this.isLive && !this.#isStale(entry) ? now : undefined;
    this.#plot.paint(plotData(samples, kind, holdUntil, history.past), [now - span.seconds, now]);
    this.#plotBox.setAttribute('aria-label', plotLabel(address, span, history, entry));
    if (this.#tableBox.open) this.#table.paint(samples, entry?.attributes?.type, kind.name !== 'curve');
    this.#paintNote();
  }

  #begin(kind: PlotKind): void {
    this.#kind = kind;
    this.#plotBox.hidden = kind.name === 'table';
    this.#plotBox.dataset.kind = kind.name;
    this.#tableBox.open = kind.name === 'table';
    setText(pageElement('#samples summary', HTMLElement), kind.name === 'curve' ? 'Samples' : 'Changes');
    this.#plot.begin(kind);
  }

  #paintReading(address: string, entry: SensorEntry | undefined): void {
    const { attributes, sample } = entry ?? {};
    const status = entry === undefined ? 'unknown' : statusOf(entry);
    this.#mark.show(status);
    const texts: Record<string, string> = {
      '#detail-name': attributes?.katcp_name ?? address,
      '#detail-description': attributes?.description ?? '',
      '#detail-status': entry === undefined ? 'not known to this portal' : status + this.#complaint(entry),
      '#detail-value': valueText(sample?.value, attributes?.type),
      '#detail-units': unitsText(attributes?.units, attributes?.type),
      '#detail-time':
        sample === undefined
          ? 'nothing published yet'
          : `${dateTimeText(sample.value_ts)} UTC, ${agoText(this.#clock.now() - sample.value_ts)}`,
      '#fact-address': address,
      '#fact-type': attributes?.type ?? 'not announced',
      '#fact-params': paramsText(attributes?.params),
    };
    for (const [selector, text] of Object.entries(texts)) setText(pageElement(selector, HTMLElement), text);
    const stale = this.#isStale(entry) ? ' stale' : '';
    pageElement('#detail-reading', HTMLElement).className = `reading is-${status}${stale}`;
  }

  #isStale(entry: SensorEntry | undefined): boolean {
    return entry !== undefined && this.#book.isStale(entry.component);
  }

  #complaint({ component }: SensorEntry): string {
    const complaint = this.#book.complaintOf(component);
    return complaint === undefined ? '' : ` · component ${component} ${complaint}`;
  }

  #paintNote(): void {
    const { history, address } = this.#shown!;
    const type = this.#book.get(address)?.attributes?.type;
    const isEmpty = history.series.samples.length === 0 && history.note === undefined;
    const reading = this.#pointed === undefined ? undefined : readingAt(history, this.#pointed, type);
    setText(pageElement('#plot-reading', HTMLElement), reading ?? '');
    setText(
      pageElement('#plot-note', HTMLElement),
      isEmpty ? 'no sample in this span' : (history.note ?? ''),
    );
  }

  #point(time: number | undefined): void {
    this.#pointed = time;
    if (this.#shown !== undefined) this.#paintNote();
  }

  #spanButton(span: Span): HTMLButtonElement {
    const button = element('button', {
      text: span.label,
      attributes: { type: 'button', 'data-span': span.name, 'data-testid': `span-${span.name}` },
    });
    button.addEventListener('click', () => this.#handlers.onSpan(span));
    return button;
  }
}

function archived({ time, value_ts, status, value }: Sample): ArchivedSample {
  return { time, value_ts, status, value };
}

function agoText(seconds: number): string {
  const text = ageText(seconds);
  return text === 'now' ? text : `${text} ago`;
}

function paramsText(params: Attributes['params']): string {
  if (params === undefined || params.length === 0) return 'none';
  return typeof params === 'string' ? params : params.map((param) => JSON.stringify(param)).join(', ');
}

/** What is under the pointer. */
function readingAt(history: SensorHistory, time: number, type: string | undefined): string | undefined {
  const { past, series } = history;
  if (past !== undefined && time < past.until) return binReading(past, time, type);
  const sample = sampleAt(series.samples, time);
  if (sample === undefined) return undefined;
  return `${dateTimeText(sample.time)} UTC · ${valueText(sample.value, type)} · ${sample.status}`;
}

function plotLabel(
  address: string,
  span: Span,
  { series: { samples }, past }: SensorHistory,
  entry: SensorEntry | undefined,
): string {
  const count = past === undefined ? samples.length : past.samples + samples.length;
  const newest = samples.at(-1);
  const units = unitsText(entry?.attributes?.units, entry?.attributes?.type);
  const last =
    newest === undefined ? '' : `, newest ${valueText(newest.value, entry?.attributes?.type)} ${units}`;
  return `${address} over the last ${span.label}: ${count} samples${last}`.trim();
}
