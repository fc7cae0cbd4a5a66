import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a server listens, as it wrote it into its `--ports_file_dir`. */
export interface ServerPorts {
  /** `nats://127.0.0.1:4222` */
  readonly url: string;
  readonly port: number;
  /** `http://127.0.0.1:8222` */
  readonly monitoringUrl: string;
}

/** Undefined until the server has written the file whole. */
export async function readPortsFile(folder: string): Promise<ServerPorts | undefined> {
  const name = (await readdir(folder)).find((file) => file.endsWith('.ports'));
  if (name === undefined) return undefined;
  const text = await readFile(join(folder, name), 'utf8');
  let listed: { nats?: string[]; monitoring?: string[] };
  try {
    listed = JSON.parse(text) as typeof listed;
  } catch {
    return undefined; // half written
  }
  const url = loopbackFirst(listed.nats);
  const monitoringUrl = loopbackFirst(listed.monitoring);
  if (url === undefined || monitoringUrl === undefined) return undefined;
  return { url, port: Number(new URL(url).port), monitoringUrl };
}

/** A server that listens everywhere lists each address of the machine. */
function loopbackFirst(urls: readonly string[] = []): string | undefined {
  return urls.find((url) => new URL(url).hostname === '127.0.0.1') ?? urls[0];
}
