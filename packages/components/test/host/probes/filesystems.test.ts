import { statfs } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { FilesystemsProbe } from '../../../src/host/probes/filesystems.ts';
import { kernelFolder } from '../kernel-folder.ts';
import { readingsOf } from '../readings.ts';

const ROOT = '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw';

describe('the filesystems probe', () => {
  it('says of the root what statfs says', async () => {
    await using kernel = await kernelFolder({ 'proc/self/mountinfo': `${ROOT}\n` });
    const readings = await readingsOf(new FilesystemsProbe(kernel));
    const { blocks, bfree, bavail, bsize } = await statfs('/');
    expect(readings.get('disk.root.total')?.value).toBe(blocks * bsize);
    // As df prints it: used of what is used or may be used.
    const used = ((blocks - bfree) / (blocks - bfree + bavail)) * 100;
    expect(Math.abs(Number(readings.get('disk.root.used-percent')?.value) - used)).toBeLessThan(1);
    expect(readings.get('disk.root.read-only')).toEqual({
      sensor: 'disk.root.read-only',
      value: false,
      status: 'nominal',
    });
  });

  it('passes over what holds no data and what is mounted a second time', async () => {
    await using kernel = await kernelFolder({
      'proc/self/mountinfo':
        `${ROOT}\n` +
        '23 22 0:21 / /proc rw - proc proc rw\n' +
        '24 22 0:22 / /tmp rw - tmpfs tmpfs rw\n' +
        '25 22 254:0 /etc /etc rw shared:3 - ext4 /dev/vda rw\n' +
        '26 22 7:1 / /snap/core ro - squashfs /dev/loop1 ro\n',
    });
    const probe = new FilesystemsProbe(kernel);
    await probe.read();
    expect(new Set(probe.sensors().map(({ name }) => name.split('.')[1]))).toEqual(new Set(['root']));
  });

  it('finds a filesystem that is mounted later, and keeps apart two paths that read the same', async () => {
    await using kernel = await kernelFolder({ 'proc/self/mountinfo': `${ROOT}\n` });
    const probe = new FilesystemsProbe(kernel);
    await probe.read();
    await kernel.write({
      'proc/self/mountinfo': `${ROOT}\n30 22 8:1 / /tmp rw - ext4 /dev/sda1 rw\n31 22 8:2 / ${kernel.proc.replaceAll(' ', '\\040')} rw - xfs /dev/sda2 rw\n32 22 8:3 / /tmp/ rw - ext4 /dev/sda3 rw\n`,
    });
    const readings = await readingsOf(probe);
    const parts = new Set([...readings.keys()].map((name) => name.split('.')[1]));
    expect(parts.size).toBe(4);
    expect(parts).toContain('tmp');
    expect(parts).toContain('tmp_2');
  });

  it('shows as an error that a filesystem was turned read-only, and not that it always was', async () => {
    await using kernel = await kernelFolder({
      'proc/self/mountinfo': `${ROOT}\n30 22 8:1 / /tmp ro - ext4 /dev/sda1 ro\n`,
    });
    const probe = new FilesystemsProbe(kernel);
    expect((await readingsOf(probe)).get('disk.tmp.read-only')).toMatchObject({
      value: true,
      status: 'nominal',
    });
    await kernel.write({ 'proc/self/mountinfo': '22 1 254:0 / / ro,relatime - ext4 /dev/vda ro\n' });
    expect((await readingsOf(probe)).get('disk.root.read-only')).toMatchObject({
      value: true,
      status: 'error',
    });
  });

  it('leaves out a path that is gone', async () => {
    await using kernel = await kernelFolder({
      'proc/self/mountinfo': `${ROOT}\n30 22 8:1 / /no/such/path rw - ext4 /dev/sda1 rw\n`,
    });
    const readings = await readingsOf(new FilesystemsProbe(kernel));
    expect([...readings.keys()].every((name) => name.startsWith('disk.root.'))).toBe(true);
  });
});
