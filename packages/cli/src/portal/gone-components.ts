import type { PortalClient } from '@katbus/client';
import {
  isGone,
  isoText,
  parseSensorSubject,
  presenceSubject,
  SUBJECTS,
  type ComponentPresence,
  type ListedSensor,
} from '@katbus/protocol';

/** A sensor of a component that is gone, with its last value as far as it is kept. */
export interface StaleSensor extends ListedSensor {
  readonly stale: true;
}

/** What the portal holds now of some subjects; it takes no more than the wait for it. */
async function snapshotOf(client: PortalClient, subjects: readonly string[]) {
  const samples: { subject: string; sample: NonNullable<ListedSensor['sample']> }[] = [];
  const messages: unknown[] = [];
  const ended = Promise.withResolvers<void>();
  const subscription = client.subscribe(subjects, {
    onSnapshot: (page) => {
      samples.push(...page.samples);
      messages.push(...page.messages.map(({ message }) => message));
      if (page.last) ended.resolve();
    },
    onClosed: (error) => {
      if (error !== undefined) ended.reject(error);
    },
  });
  await ended.promise;
  subscription.close();
  return { samples, messages };
}

/** How components stand to the bus, by name, as the presence service tells; empty when there is none. */
export async function presenceByComponent(
  client: PortalClient,
  component?: string,
): Promise<ReadonlyMap<string, ComponentPresence>> {
  const subject = component === undefined ? SUBJECTS.componentPresence : presenceSubject(component);
  const { messages } = await snapshotOf(client, [subject]);
  const presences = messages as ComponentPresence[];
  return new Map(presences.map((presence) => [presence.component, presence]));
}

/** The sensors of components that are gone, as the archive knows them. @param filter as of the listing */
export async function staleSensors(
  client: PortalClient,
  components: readonly string[],
  filter: string | undefined,
): Promise<readonly StaleSensor[]> {
  if (components.length === 0) return [];
  const { samples } = await snapshotOf(
    client,
    components.map((component) => `sensor.*.${component}.*`),
  );
  const byAddress = new Map(
    samples.map(({ subject, sample }) => {
      const address = parseSensorSubject(subject);
      return [`${address?.component}.${address?.sensor}`, sample];
    }),
  );
  const found: StaleSensor[] = [];
  for (const component of components) {
    let after: string | undefined;
    do {
      const { sensors, next } = await client.sensors({
        component,
        ...(filter !== undefined && { filter }),
        ...(after !== undefined && { after }),
      });
      for (const { sensor, name, attributes = { name } } of sensors) {
        const sample = byAddress.get(`${component}.${sensor}`);
        found.push({ component, sensor, attributes, stale: true, ...(sample !== undefined && { sample }) });
      }
      after = next;
    } while (after !== undefined);
  }
  return found;
}

/** Why a component does not answer: `absent since 2026-11-22 05:50:12Z`. */
export function absenceText(presence: ComponentPresence | undefined): string {
  if (presence === undefined || !isGone(presence.state)) return 'does not answer';
  const when = `${isoText(presence.since).slice(0, 19).replace('T', ' ')}Z`;
  return presence.state === 'left' ? `left at ${when}` : `is absent since ${when}`;
}
