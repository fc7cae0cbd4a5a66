import type { Policy } from '@katbus/protocol';
import type { BusConnection } from '../nats/index.ts';
import type { Sensor } from '../sensor.ts';
import { PolicyApplier } from './policy-applier.ts';
import { PolicyFollower } from './policy-follower.ts';
import { SensorSamplings } from './sensor-sampling.ts';

/** How a component stands to the policies. */
export interface PolicyStanding {
  /** Revision of the list that all sensors follow; undefined: none. */
  readonly revision: number | undefined;
  readonly rules: number;
  /** Lists that were refused since the component started. */
  readonly refused: number;
  /** Why the last one was, if it was the last to come. */
  readonly refusal: string | undefined;
}

/** What a component tells of its policies. */
export type PolicyEvent =
  /** All sensors follow it. */
  | { readonly type: 'policy'; readonly state: 'applied'; readonly revision: number; readonly rules: number }
  /** There are none any more: the component's own settings hold. */
  | { readonly type: 'policy'; readonly state: 'none' }
  /** A list that cannot be applied: what held before goes on. */
  | {
      readonly type: 'policy';
      readonly state: 'refused';
      readonly revision: number;
      readonly reason: string;
    };

/** The policies of one component: follows them in their bucket and brings them to its sensors. */
export class ComponentPolicies {
  readonly samplings: SensorSamplings;
  private readonly applier: PolicyApplier;
  private readonly tell: (event: PolicyEvent) => void;
  private follower: PolicyFollower | undefined;
  private current: PolicyStanding = { revision: undefined, rules: 0, refused: 0, refusal: undefined };

  constructor(component: string, sensors: readonly Sensor[], tell: (event: PolicyEvent) => void) {
    this.samplings = new SensorSamplings(component);
    this.applier = new PolicyApplier(this.samplings, sensors);
    this.tell = tell;
  }

  get standing(): PolicyStanding {
    return this.current;
  }

  /** Resolves when the policies hold, or are not to be had soon. */
  async start(connection: BusConnection): Promise<void> {
    this.follower = await PolicyFollower.start(connection, {
      onPolicy: (policy, revision) => void this.apply(policy, revision),
      onRefused: (reason, revision) => {
        this.current = { ...this.current, refused: this.current.refused + 1, refusal: reason };
        this.tell({ type: 'policy', state: 'refused', revision, reason });
      },
    });
  }

  stop(): void {
    this.follower?.stop();
    this.applier.stop();
  }

  private async apply(policy: Policy | undefined, revision: number): Promise<void> {
    const isApplied = await this.applier.apply(policy);
    if (!isApplied) return;
    const { refused } = this.current;
    if (policy === undefined) {
      this.current = { revision: undefined, rules: 0, refused, refusal: undefined };
      this.tell({ type: 'policy', state: 'none' });
    } else {
      const rules = policy.rules.length;
      this.current = { revision, rules, refused, refusal: undefined };
      this.tell({ type: 'policy', state: 'applied', revision, rules });
    }
  }
}
