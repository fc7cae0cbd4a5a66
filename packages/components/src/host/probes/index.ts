import { KERNEL_FILES, type KernelFiles, type Probe } from '../probe.ts';
import { NatsMonitoring } from '../nats-monitoring.ts';
import { CpuProbe } from './cpu.ts';
import { DisksProbe } from './disks.ts';
import { FilesystemsProbe } from './filesystems.ts';
import { JetStreamProbe } from './jetstream.ts';
import { LoadProbe } from './load.ts';
import { MemoryProbe } from './memory.ts';
import { NatsProbe } from './nats.ts';
import { NetworkProbe } from './network.ts';
import { OwnProcessProbe } from './own-process.ts';
import { SystemProbe } from './system.ts';
import { TemperaturesProbe } from './temperatures.ts';

/**
 * The probes that this platform has something for: on Linux all, elsewhere those that Node itself can serve.
 * @param natsMonitoringUrl undefined: nats-server is not looked at
 */
export function probesFor(
  platform: NodeJS.Platform,
  natsMonitoringUrl: URL | undefined,
  kernel: KernelFiles | undefined = platform === 'linux' ? KERNEL_FILES : undefined,
): Probe[] {
  const everywhere = [
    new SystemProbe(kernel),
    new CpuProbe(kernel),
    new LoadProbe(kernel, platform),
    new MemoryProbe(kernel),
    new FilesystemsProbe(kernel),
    new OwnProcessProbe(),
  ];
  const linux =
    kernel === undefined
      ? []
      : [new DisksProbe(kernel), new NetworkProbe(kernel), new TemperaturesProbe(kernel)];
  if (natsMonitoringUrl === undefined) return [...everywhere, ...linux];
  const monitoring = new NatsMonitoring(natsMonitoringUrl);
  return [...everywhere, ...linux, new NatsProbe(monitoring), new JetStreamProbe(monitoring)];
}
