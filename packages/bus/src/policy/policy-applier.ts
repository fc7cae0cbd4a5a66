import type { Policy } from '@katbus/protocol';
import type { Sensor } from '../sensor.ts';
import type { SensorSamplings } from './sensor-sampling.ts';

/** How long the loop may be taken at once, and after how many sensors the clock is looked at. */
const LONGEST_TURN_MS = 4;
const SENSORS_A_LOOK = 16;

/** Brings a policy to all sensors of a component, in turns: finding the rules of 200,000 sensors takes seconds. */
export class PolicyApplier {
  private readonly samplings: SensorSamplings;
  private readonly sensors: readonly Sensor[];
  /** Counts the policies: one that is still being brought when the next comes is given up. */
  private round = 0;

  /** @param sensors may grow meanwhile */
  constructor(samplings: SensorSamplings, sensors: readonly Sensor[]) {
    this.samplings = samplings;
    this.sensors = sensors;
  }

  /** Sensors that are made from now on have it at once. @returns false when another policy has come meanwhile */
  async apply(policy: Policy | undefined): Promise<boolean> {
    this.round += 1;
    const { round } = this;
    this.samplings.take(policy);
    const { sensors } = this;
    let turnMs = performance.now();
    for (let row = 0; row < sensors.length; row += 1) {
      this.bringTo(sensors[row]!);
      if (row % SENSORS_A_LOOK !== 0 || performance.now() - turnMs < LONGEST_TURN_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      if (round !== this.round) return false;
      turnMs = performance.now();
    }
    return true;
  }

  /** What is under way is given up. */
  stop(): void {
    this.round += 1;
  }

  private bringTo(sensor: Sensor): void {
    sensor.changeSampling(this.samplings.of(sensor.katcpName, sensor.sampling.code));
  }
}
