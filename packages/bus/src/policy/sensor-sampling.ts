import {
  DEFAULT_SAMPLING,
  SAMPLING_FIELDS,
  samplingRule,
  type ExplainedSettings,
  type Policy,
  type PolicyRule,
  type SamplingRule,
  type SamplingSettings,
  type SettingOrigin,
} from '@katbus/protocol';

/** What holds for a sensor's throttle, and whence it comes. Shared by all sensors for which the same holds. */
export interface SensorSampling {
  readonly rule: SamplingRule;
  /** What the component's code says. */
  readonly code: SamplingSettings;
  /** Place of the policy's rule in its list, from 0; undefined: no rule matches. */
  readonly place: number | undefined;
  readonly policyRule: PolicyRule | undefined;
}

/** The policies as a component has applied them, and what follows for each of its sensors. */
export class SensorSamplings {
  private readonly component: string;
  private findRule: ((name: string) => number | undefined) | undefined;
  private rules: readonly PolicyRule[] = [];
  /** By what the code says, as JSON, and by the policy's rule: 200,000 sensors have a handful of these. */
  private readonly made = new Map<string, Map<number | undefined, SensorSampling>>();

  constructor(component: string) {
    this.component = component;
  }

  /** Holds for what is asked from now on. @param policy undefined: there is none */
  take(policy: Policy | undefined): void {
    this.findRule = policy?.finder(this.component);
    this.rules = policy?.rules ?? [];
    this.made.clear();
  }

  /**
   * @param name `<component>.<sensor part of the KATCP name>`
   * @throws {SamplingSettingsError} naming the field of what the code says
   */
  of(name: string, code: SamplingSettings): SensorSampling {
    const place = this.findRule?.(name);
    const key = JSON.stringify(code);
    let byPlace = this.made.get(key);
    if (byPlace === undefined) this.made.set(key, (byPlace = new Map<number | undefined, SensorSampling>()));
    let sampling = byPlace.get(place);
    if (sampling === undefined) {
      const policyRule = place === undefined ? undefined : this.rules[place];
      sampling = { rule: samplingRule({ ...code, ...policyRule }), code, place, policyRule };
      byPlace.set(place, sampling);
    }
    return sampling;
  }
}

/** What holds, field by field, and who said it. */
export function explainedSettings({ code, policyRule }: SensorSampling): ExplainedSettings {
  const entries = SAMPLING_FIELDS.map((field) => {
    const origins: [SettingOrigin, unknown][] = [
      ['policy', policyRule?.[field]],
      ['code', code[field]],
      ['default', DEFAULT_SAMPLING[field]],
    ];
    const [from, value] = origins.find(([, candidate]) => candidate !== undefined) ?? ['default', undefined];
    return [field, { value, from }];
  });
  return Object.fromEntries(entries) as ExplainedSettings;
}
