import { toSeconds, type Explanation, type ExplanationRequest, type Update } from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import type { ComponentSensors } from '../component-sensors.ts';
import { ExplanationRequestError } from '../errors.ts';
import { explainedSettings } from '../policy/sensor-sampling.ts';
import type { Sensor } from '../sensor.ts';

/** Answers `rpc.explain.<component>`: what the throttle does with a sensor, and why. */
export class ExplainResponder {
  private readonly component: string;
  private readonly sensors: ComponentSensors;

  constructor(component: string, sensors: ComponentSensors) {
    this.component = component;
    this.sensors = sensors;
  }

  /** @throws {SchemaError} @throws {ExplanationRequestError} naming `sensor` when there is none of this name */
  explain(data: Uint8Array): Explanation {
    const request = parseRequest<ExplanationRequest>('explanationRequest', data);
    const { component } = this;
    const { clock, recorder } = this.sensors;
    const sensor = this.sensors.find(request.sensor);
    if (sensor === undefined) {
      throw new ExplanationRequestError('sensor', `component ${component} has no sensor "${request.sensor}"`);
    }
    if (request.recordSeconds !== undefined) recorder.record(sensor.row, request.recordSeconds);
    clock.read();
    const decisions = recorder.decisions(sensor.row, request.after);
    const { policyRule, place } = sensor.sampling;
    return {
      component,
      sensor: sensor.token,
      katcpName: sensor.katcpName,
      ...(policyRule !== undefined &&
        place !== undefined && {
          policy: {
            rule: place + 1,
            match: policyRule.match,
            ...(policyRule.comment !== undefined && { comment: policyRule.comment }),
          },
        }),
      policies: this.policies(),
      settings: explainedSettings(sensor.sampling),
      ...this.happenings(sensor),
      ...(decisions !== undefined && { decisions }),
    };
  }

  private policies(): Explanation['policies'] {
    const { revision, rules, refused, refusal } = this.sensors.policies.standing;
    return {
      ...(revision !== undefined && { revision }),
      rules,
      refused,
      ...(refusal !== undefined && { refusal }),
    };
  }

  /** What was sent, what is held and what will be. */
  private happenings(
    sensor: Sensor,
  ): Pick<Explanation, 'sent' | 'archived' | 'held' | 'nextTime' | 'counts'> {
    const state = sensor.throttleState();
    const wallSeconds = (steadyUs: number) => toSeconds(this.sensors.clock.wallUsOf(steadyUs));
    const isHolding = state.held !== undefined;
    return {
      ...(state.sent !== undefined && {
        sent: { ...explainedUpdate(state.sent), time: wallSeconds(state.sentAtUs) },
        archived: { value: state.archivedValue, time: wallSeconds(state.archivedAtUs) },
      }),
      ...(isHolding && { held: { ...explainedUpdate(state.held), until: wallSeconds(state.deadlineUs) } }),
      ...(state.deadlineUs !== Infinity && { nextTime: wallSeconds(state.deadlineUs) }),
      counts: state.counts,
    };
  }
}

function explainedUpdate({ value, status, valueTimeUs }: Update) {
  return { value, status, value_ts: toSeconds(valueTimeUs) };
}
