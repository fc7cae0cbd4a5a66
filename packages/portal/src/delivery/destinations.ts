import { formatAddress, parseSensorSubject, type SensorAddress } from '@katbus/protocol';
import type { DeliverySession } from './delivery-session.ts';
import type { SampledSensor } from './strategies/sampled-sensor.ts';
import type { StrategyGroup } from './strategies/strategy-group.ts';
import type { Strategy } from './strategies/strategies.ts';
import type { Subscription } from './subscription.ts';

/** A strategy that some sessions ask for on one subject. */
export interface SampledRoute {
  readonly group: StrategyGroup;
  /** The state of the sensor when the last sample came; undefined: everything is given. */
  sensor: SampledSensor | undefined;
}

/** A session that wants a subject, and by which of its subscriptions. */
export interface Destination {
  readonly session: DeliverySession;
  /** Those that get everything. */
  readonly plain: readonly Subscription[];
  readonly sampled: readonly {
    readonly route: SampledRoute;
    readonly subscriptions: readonly Subscription[];
  }[];
  /** Whether one of its subscriptions may give late what another has given at once. */
  readonly isMixed: boolean;
}

/** A sensor's address and its key, made once a subject and not once a message. */
export interface RoutedSensor {
  readonly address: SensorAddress;
  readonly key: string;
}

/** Where the messages of one subject go: each strategy decides once, however many sessions ask for it. */
export interface Route {
  /** Whose samples come on the subject; undefined: it is not a sensor's. */
  readonly sensor: RoutedSensor | undefined;
  readonly destinations: readonly Destination[];
  readonly sampled: readonly SampledRoute[];
}

/**
 * @param wanting the subscriptions that match a subject
 * @param groupOf the group of one with a strategy
 */
export function routeTo(
  subject: string,
  wanting: readonly Subscription[],
  groupOf: (subscription: Subscription, strategy: Strategy, key: string) => StrategyGroup,
): Route {
  const address = parseSensorSubject(subject);
  const sensor = address === undefined ? undefined : { address, key: formatAddress(address) };
  const routes = new Map<StrategyGroup, SampledRoute>();
  const destinations = [...Map.groupBy(wanting, ({ session }) => session)].map(([session, subscriptions]) => {
    const plain: Subscription[] = [];
    const byGroup = new Map<StrategyGroup, Subscription[]>();
    for (const subscription of subscriptions) {
      const { strategy } = subscription;
      const group =
        strategy === undefined || sensor === undefined
          ? undefined
          : groupOf(subscription, strategy, sensor.key);
      if (group === undefined) plain.push(subscription);
      else byGroup.set(group, [...(byGroup.get(group) ?? []), subscription]);
    }
    const sampled = [...byGroup].map(([group, members]) => {
      let route = routes.get(group);
      if (route === undefined) routes.set(group, (route = { group, sensor: undefined }));
      return { route, subscriptions: members };
    });
    const isMixed = sampled.length > 1 || (sampled.length > 0 && plain.length > 0);
    return { session, plain, sampled, isMixed };
  });
  return { sensor, destinations, sampled: [...routes.values()] };
}
