import { readFile } from 'node:fs/promises';
import { parse } from 'node:path';
import type { KernelFiles } from './probe.ts';

/** A mounted filesystem that holds somebody's data. */
export interface Mount {
  readonly path: string;
  /** `254:0`, as /proc/diskstats numbers block devices; also tells two mounts of one filesystem. */
  readonly deviceNumber: string;
  readonly type: string;
  readonly readOnly: boolean;
}

/** What lives in memory, in the kernel or in a read-only image is always empty or always full: not of interest. */
const TYPES_WITH_DATA = new Set(
  (
    'ext2 ext3 ext4 xfs btrfs zfs f2fs bcachefs jfs reiserfs nilfs2 vfat exfat ntfs ntfs3 fuseblk hfsplus apfs ufs ' +
    'nfs nfs4 cifs smb3 ceph lustre gpfs beegfs afs 9p virtiofs fuse.sshfs fuse.glusterfs fuse.ceph'
  ).split(' '),
);

/** The filesystems with data, each once, under its shortest path. */
export async function readMounts({ proc }: KernelFiles): Promise<Mount[]> {
  const text = await readFile(`${proc}/self/mountinfo`, 'utf8');
  const byDevice = new Map<string, Mount>();
  for (const line of text.split('\n')) {
    const mount = parseMountInfo(line);
    if (mount === undefined || !holdsData(mount)) continue;
    const known = byDevice.get(mount.deviceNumber);
    if (known === undefined || mount.path.length < known.path.length) byDevice.set(mount.deviceNumber, mount);
  }
  return [...byDevice.values()];
}

/** Where the system does not list its mounts: the filesystem that this program runs on. */
export function workingMount(): Mount {
  return { path: parse(process.cwd()).root, deviceNumber: '', type: '', readOnly: false };
}

/** A line of proc_pid_mountinfo(5); undefined when it is none. */
function parseMountInfo(line: string): Mount | undefined {
  const [before, after] = line.split(' - ');
  const [, , deviceNumber, , path, options] = before?.split(' ') ?? [];
  const type = after?.split(' ')[0];
  if (deviceNumber === undefined || path === undefined || options === undefined || type === undefined)
    return undefined;
  return { path: unescape(path), deviceNumber, type, readOnly: options.split(',').includes('ro') };
}

/** In a container the root is an overlay, and its free space is what counts. */
function holdsData({ type, path }: Mount): boolean {
  return TYPES_WITH_DATA.has(type) || (type === 'overlay' && path === '/');
}

/** The kernel writes space, tab, line feed and backslash as `\040` and its likes. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
