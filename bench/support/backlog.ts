import { AcknowledgedWindow, BusConnection, setupStreams } from '@katbus/bus/nats';
import { attributesSubject, encodeSample, sensorSubject } from '@katbus/protocol';
import type { BenchSensor } from './shuffled-sensors.ts';

/** Samples in the stream before anybody reads them: of the n-th, whose it is follows from the number of sensors. */
export interface Backlog {
  readonly sensors: readonly BenchSensor[];
  readonly samples: number;
  /** Of the n-th sample. */
  readonly timeUs: (place: number) => number;
}

/** Attributes of all sensors, then the samples, through the acknowledged window. The order of sensors differs from round to round. */
export async function fillBacklog(url: string, { sensors, samples, timeUs }: Backlog): Promise<void> {
  const connection = await BusConnection.connect({ servers: url, name: 'bench' });
  await setupStreams(connection);
  const window = new AcknowledgedWindow(connection);
  const publish = async (subject: string, payload: string, place: number) => {
    window.publish(subject, payload, 'archive', true);
    if (place % 500 === 0) await window.room();
  };
  for (const [place, { component, attributes }] of sensors.entries()) {
    await publish(attributesSubject(component), attributes, place);
  }
  for (let place = 0; place < samples; place++) {
    const sensor = sensors[(place * 7_919 + Math.floor(place / sensors.length) * 13) % sensors.length]!;
    const time = timeUs(place);
    const value = Math.round(1e6 * Math.sin(place)) / 1e3;
    const payload = encodeSample(sensor.name, time, time - 1_500, 'nominal', value);
    await publish(sensorSubject('archive', sensor), payload, place);
  }
  await window.flush(120_000);
  const { acknowledged, dropped, refused } = window.counters.archive;
  if (acknowledged !== samples + sensors.length || dropped + refused > 0)
    throw new Error('the backlog is not whole');
  window.close();
  await connection.close();
}
