import type { PortalMethod, PortalMethods } from '@katbus/protocol';
import type { SchemaName } from '@katbus/protocol/schemas';
import type { DeliverySession } from '../delivery/delivery-session.ts';
import type { Filters } from '../filters/filters.ts';
import type { Listing } from '../listing/listing.ts';
import type { PortalLimits } from '../limits.ts';
import type { StoreClient } from '../store-client.ts';
import { bins } from './bins.ts';
import { history } from './history.ts';
import { info } from './info.ts';
import type { JsonText, LongJson } from './json-text.ts';
import { list } from './list.ts';
import { PageTurns } from './page-turns.ts';
import { sensors } from './sensors.ts';
import { subscribe } from './subscribe.ts';
import { unsubscribe } from './unsubscribe.ts';

/** What a method may know of the request beside its parameters. */
export interface RequestContext {
  readonly session: DeliverySession;
  /** Has something done when the answer has been handed to the network, or never will be. */
  readonly afterAnswer: (call: () => void) => void;
  /** Whether the answer goes out together with others, when all are there. */
  readonly isInBatch: boolean;
}

export type MethodRun<Name extends PortalMethod> = (
  params: PortalMethods[Name]['params'],
  context: RequestContext,
) => Promise<PortalMethods[Name]['result'] | JsonText | LongJson> | PortalMethods[Name]['result'];

export interface Method<Name extends PortalMethod> {
  readonly params: SchemaName;
  readonly run: MethodRun<Name>;
}
/** As the dispatcher calls them, which has checked the parameters by the schema that stands beside each. */
export type MethodTable = Readonly<
  Record<
    PortalMethod,
    { readonly params: SchemaName; run(params: unknown, context: RequestContext): unknown }
  >
>;

/** What the methods are made of. */
export interface MethodServices {
  readonly portal: string;
  readonly version: string;
  readonly limits: PortalLimits;
  readonly listing: Listing;
  readonly store: StoreClient;
  readonly filters: Filters;
}

/** Every method of the native protocol. */
export function portalMethods(services: MethodServices): MethodTable {
  const { limits, listing, store, filters } = services;
  const turns = new PageTurns(limits.pagesUnderWay);
  const table: { readonly [Name in PortalMethod]: Method<Name> } = {
    subscribe: { params: 'subscribeParams', run: subscribe(limits) },
    unsubscribe: { params: 'unsubscribeParams', run: unsubscribe },
    list: { params: 'listParams', run: list(listing, new PageTurns(limits.listsUnderWay)) },
    sensors: { params: 'sensorsParams', run: sensors(store, filters) },
    history: { params: 'historyParams', run: history(store, turns) },
    bins: { params: 'binsParams', run: bins(store, turns) },
    info: { params: 'emptyRequest', run: info(services) },
  };
  return table;
}
