import type { PortalClient } from '@katbus/client';
import { isGone, type ComponentPresence } from '@katbus/protocol';
import { absenceText, presenceByComponent } from '../portal/gone-components.ts';
import { withPortal } from '../portal/open-portal.ts';
import { lineOf } from '../cli-error.ts';
import { countText } from '../output/counts.ts';
import type { Check } from './check.ts';

export interface PortalFindings {
  readonly checks: readonly Check[];
  /** Whether the portal reaches the store: for those who cannot ask the store itself. */
  readonly store?: Check;
  /** Whether the portal itself says that it is connected to NATS and does its work. */
  readonly isReady: boolean;
}

/** The portal, and the components as it sees them. */
export async function portalChecks(url: string): Promise<PortalFindings> {
  try {
    const reason = await notReadyReason(url);
    return await withPortal(url, async (client) => {
      const { portal, version } = await client.info();
      const isReady = reason === undefined;
      const detail = `${portal}, version ${version}, at ${url}`;
      const self: Check = isReady
        ? { part: 'portal', state: 'ok', detail }
        : { part: 'portal', state: 'wrong', detail: `${detail}: ${reason}` };
      if (!isReady) return { checks: [self], isReady };
      const [{ sensors, absent }, store, presence] = await Promise.all([
        client.list(),
        storeCheck(client),
        presenceByComponent(client),
      ]);
      const counts = new Map<string, number>();
      for (const { component } of sensors) counts.set(component, (counts.get(component) ?? 0) + 1);
      return { checks: [self, ...componentChecks(counts, absent, presence)], store, isReady };
    });
  } catch (error) {
    return { checks: [{ part: 'portal', state: 'wrong', detail: lineOf(error) }], isReady: false };
  }
}

async function storeCheck(client: PortalClient): Promise<Check> {
  try {
    await client.sensors({ limit: 1 });
    return { part: 'store', state: 'ok', detail: 'answers the portal' };
  } catch (error) {
    return { part: 'store', state: 'wrong', detail: lineOf(error) };
  }
}

function componentChecks(
  counts: ReadonlyMap<string, number>,
  absent: readonly string[],
  presence: ReadonlyMap<string, ComponentPresence>,
): Check[] {
  if (counts.size === 0) {
    return [{ part: 'components', state: 'wrong', detail: 'none answers: "katbus host" starts one' }];
  }
  return [
    ...[...counts].map(([component, count]): Check => {
      const known = presence.get(component);
      if (known?.state !== 'duplicate')
        return { part: `component ${component}`, state: 'ok', detail: countText(count, 'sensor') };
      const where = known.instances.map(({ host, pid }) => `${pid ?? 'a process'} on ${host ?? 'some host'}`);
      const detail = `runs ${known.instances.length} times: ${where.join(', ')}; stop all but one`;
      return { part: `component ${component}`, state: 'wrong', detail };
    }),
    ...absent.map((component): Check => {
      return {
        part: `component ${component}`,
        state: 'absent',
        detail: absenceDetail(presence.get(component)),
      };
    }),
  ];
}

function absenceDetail(presence: ComponentPresence | undefined): string {
  if (presence === undefined || !isGone(presence.state)) return 'known to the archive, does not answer';
  const sensors = presence.sensors === undefined ? '' : `, last ${countText(presence.sensors, 'sensor')}`;
  return `${absenceText(presence).replace(/^is absent /, '')}${sensors}`;
}

/** By the portal's `/readyz`; undefined when it is ready or does not say. */
async function notReadyReason(url: string): Promise<string | undefined> {
  const readyUrl = new URL('/readyz', url.replace(/^ws/, 'http'));
  try {
    const response = await fetch(readyUrl, { signal: AbortSignal.timeout(3_000) });
    const text = (await response.text()).trim();
    return response.status === 503 ? text : undefined;
  } catch {
    // No answer at all: the websocket, which is tried next, says so better.
    return undefined;
  }
}
