/**
 * A heartbeat of a component, on `heartbeat.<component>`. Only `component` and `time` are required: a program that says no more has one
 * instance and the default interval.
 */
export interface Heartbeat {
  readonly component: string;
  /** Differs between two processes that take the same component name. */
  readonly instance?: string;
  /** Unix seconds, by the component's clock. */
  readonly time: number;
  /** Default {@link HEARTBEAT_DEFAULTS}. */
  readonly intervalSeconds?: number;
  readonly sensors?: number;
  /** When this instance joined the bus, Unix seconds by its clock. */
  readonly since?: number;
  /** Where it runs, for people. */
  readonly host?: string;
  readonly pid?: number;
  /** The component's own version. */
  readonly version?: string;
  /** The clock epoch of its samples, as in the attributes; absent: its clock was never set back. */
  readonly clockEpoch?: number;
  /** True on the last one: it says goodbye. */
  readonly leaving?: boolean;
}

/** `mostMissed`: after so many missing heartbeats a component counts as absent. */
export const HEARTBEAT_DEFAULTS = { intervalSeconds: 5, mostMissed: 3 } as const;
