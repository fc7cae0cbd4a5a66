import { cassandra } from './cassandra.ts';
import { chromium } from './chromium.ts';
import { natsServer } from './nats-server.ts';
import { program } from './program.ts';
import { prometheus } from './prometheus.ts';
import { python } from './python.ts';
import type { Requirement } from './requirement.ts';

export { launchChromium } from './chromium.ts';
export { findPrometheus } from './prometheus.ts';
export { findPython } from './python.ts';
export type { Found, Missing, Requirement } from './requirement.ts';

/** All that a test can declare to need, by name. */
export const REQUIREMENTS = {
  'nats-server': natsServer,
  chromium,
  python,
  prometheus,
  cassandra,
  curl: program('curl'),
} as const satisfies Readonly<Record<string, Requirement>>;

export type RequirementName = keyof typeof REQUIREMENTS;
