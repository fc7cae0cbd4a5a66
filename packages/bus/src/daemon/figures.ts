import { Counter, Gauge, type Registry } from 'prom-client';

/** A metric that is looked up when somebody asks: the program counts in plain numbers of its own. */
export interface Figure {
  readonly kind: 'counter' | 'gauge';
  /** `katbus_<daemon>_<what>_<unit|total>` */
  readonly name: string;
  readonly help: string;
  readonly value: () => number;
  /** With one label: the value of each of its values, instead of `value`. */
  readonly by?: { readonly label: string; readonly values: readonly string[] };
  readonly valueBy?: (labelValue: string) => number;
}

export function registerFigure(registry: Registry, figure: Figure): void {
  const { kind, name, help, by, value, valueBy = value } = figure;
  const options = { name, help, registers: [registry], labelNames: by === undefined ? [] : [by.label] };
  const labelled = (set: (labels: Record<string, string>, value: number) => void) => {
    if (by === undefined) set({}, value());
    else for (const labelValue of by.values) set({ [by.label]: labelValue }, valueBy(labelValue));
  };
  if (kind === 'counter') {
    new Counter({
      ...options,
      collect() {
        this.reset();
        labelled((labels, count) => this.inc(labels, count));
      },
    });
  } else {
    new Gauge({
      ...options,
      collect() {
        labelled((labels, count) => this.set(labels, count));
      },
    });
  }
}
