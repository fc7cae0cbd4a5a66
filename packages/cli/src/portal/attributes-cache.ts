import type { PortalClient } from '@katbus/client';
import type { Attributes } from '@katbus/protocol';

/** Attributes of sensors, asked of each component once, when its first sample comes. */
export class AttributesCache {
  private readonly client: PortalClient;
  private readonly byComponent = new Map<string, Promise<Map<string, Attributes>>>();

  constructor(client: PortalClient) {
    this.client = client;
  }

  /** @returns undefined when the component does not answer or does not know the sensor */
  async of(component: string, sensor: string): Promise<Attributes | undefined> {
    const known = this.byComponent.get(component) ?? this.ask(component);
    this.byComponent.set(component, known);
    return (await known).get(sensor);
  }

  private async ask(component: string): Promise<Map<string, Attributes>> {
    try {
      const { sensors } = await this.client.list({ component });
      return new Map(sensors.map(({ sensor, attributes }) => [sensor, attributes]));
    } catch {
      // Units are an extra: samples are shown without.
      return new Map();
    }
  }
}
