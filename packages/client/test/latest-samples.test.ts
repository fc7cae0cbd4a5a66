import { describe, expect, it } from 'vitest';
import { LatestSamples } from '../src/latest-samples.ts';
import { sampleOf } from './fault-portal.ts';

describe('latest samples', () => {
  const archive = 'sensor.archive.host.load';
  const normal = 'sensor.normal.host.load';

  it('are kept by sensor, whichever of its two subjects they came on', () => {
    const latest = new LatestSamples();
    latest.live(archive, sampleOf('load', 1, 10));
    latest.live(normal, sampleOf('load', 2, 11));
    latest.live('sensor.normal.host.other', sampleOf('other', 3, 9));
    expect(latest.get('host.load')?.value).toBe(2);
    expect(latest.get('host.other')?.value).toBe(3);
    expect(latest.get('host.none')).toBeUndefined();
  });

  it('stay when a snapshot holds an older one, and tell a repeated one', () => {
    const latest = new LatestSamples();
    latest.beginEra();
    latest.live(normal, sampleOf('load', 2, 11));
    expect(latest.snapshot(archive, sampleOf('load', 1, 10))).toBe('overtaken');
    expect(latest.get('host.load')?.value).toBe(2);
    expect(latest.snapshot(normal, sampleOf('load', 2, 11))).toBe('repeated');
    expect(latest.snapshot(normal, sampleOf('load', 3, 12))).toBe('new');
    expect(latest.get('host.load')?.value).toBe(3);
  });

  it('are not compared by time across two askings, because a clock may have been set back between them', () => {
    const latest = new LatestSamples();
    latest.beginEra();
    latest.live(normal, sampleOf('load', 2, 5_000));
    latest.beginEra();
    expect(latest.snapshot(archive, sampleOf('load', 3, 10))).toBe('new');
    expect(latest.get('host.load')?.value).toBe(3);
  });
});
