import {
  CATALOGUE_PAGE,
  type ComponentsPage,
  type ComponentsRequest,
  type SensorAddress,
} from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import type { Answer, EndpointContext } from './endpoint.ts';

/** After every sensor's token: those are of letters, digits and underscores. */
const AFTER_ALL_SENSORS = '~';

/** `rpc.store.components`: from each component to the next, whatever sensors lie between. */
export function componentsEndpoint({ backend }: EndpointContext): Answer {
  return async (payload) => {
    const { after: last, limit = CATALOGUE_PAGE.defaultSensors } = parseRequest<ComponentsRequest>(
      'componentsRequest',
      payload,
    );
    const components: string[] = [];
    let after: SensorAddress | undefined = afterAllOf(last);
    while (components.length < limit) {
      const { rows } = await backend.catalogue({
        filter: undefined,
        component: undefined,
        limit: 1,
        bytes: CATALOGUE_PAGE.mostBytes,
        after,
      });
      const [row] = rows;
      if (row === undefined) return JSON.stringify({ components } satisfies ComponentsPage);
      components.push(row.component);
      after = afterAllOf(row.component);
    }
    return JSON.stringify({ components, next: components.at(-1)! } satisfies ComponentsPage);
  };
}

function afterAllOf(component: string | undefined): SensorAddress | undefined {
  return component === undefined ? undefined : { component, sensor: AFTER_ALL_SENSORS };
}
