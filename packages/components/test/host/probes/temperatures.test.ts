import { describe, expect, it } from 'vitest';
import { TemperaturesProbe } from '../../../src/host/probes/temperatures.ts';
import { kernelFolder } from '../kernel-folder.ts';
import { readingsOf } from '../readings.ts';

describe('the temperatures probe', () => {
  it('reads chips with their own limits, and zones that no chip shows', async () => {
    await using kernel = await kernelFolder({
      'sys/class/hwmon/hwmon0/name': 'coretemp\n',
      'sys/class/hwmon/hwmon0/temp1_input': '71000\n',
      'sys/class/hwmon/hwmon0/temp1_label': 'Package id 0\n',
      'sys/class/hwmon/hwmon0/temp1_max': '70000\n',
      'sys/class/hwmon/hwmon0/temp1_crit': '100000\n',
      'sys/class/hwmon/hwmon1/name': 'acpitz\n',
      'sys/class/hwmon/hwmon1/temp1_input': '-5500\n',
      'sys/class/thermal/thermal_zone0/type': 'acpitz\n',
      'sys/class/thermal/thermal_zone0/temp': '-5500\n',
      'sys/class/thermal/thermal_zone1/type': 'soc\n',
      'sys/class/thermal/thermal_zone1/temp': '96000\n',
      'sys/class/thermal/cooling_device0/type': 'Fan\n',
    });
    const readings = await readingsOf(new TemperaturesProbe(kernel));
    expect(
      Object.fromEntries([...readings].map(([name, { value, status }]) => [name, [value, status]])),
    ).toEqual({
      'temperature.coretemp_Package_id_0': [71, 'warn'],
      'temperature.acpitz_temp1': [-5.5, 'nominal'],
      'temperature.zone_soc': [96, 'error'],
    });
  });

  it('leaves out a chip that does not answer, and reads it again when it does', async () => {
    await using kernel = await kernelFolder({
      'sys/class/hwmon/hwmon0/name': 'nvme\n',
      'sys/class/hwmon/hwmon0/temp1_input': '40000\n',
    });
    const probe = new TemperaturesProbe(kernel);
    expect((await readingsOf(probe)).size).toBe(1);
    await kernel.remove('sys/class/hwmon/hwmon0/temp1_input');
    expect((await readingsOf(probe)).size).toBe(0);
    expect(probe.sensors()).toHaveLength(1);
    await kernel.write({ 'sys/class/hwmon/hwmon0/temp1_input': '41000\n' });
    expect((await readingsOf(probe)).get('temperature.nvme_temp1')?.value).toBe(41);
  });

  it('has no sensors on a machine without thermometers', async () => {
    await using kernel = await kernelFolder({});
    const probe = new TemperaturesProbe(kernel);
    expect((await readingsOf(probe)).size).toBe(0);
    expect(probe.sensors()).toEqual([]);
  });
});
