import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { TestProject } from 'vitest/node';
import { CassandraCluster } from '../../tools/cassandra/cassandra-cluster.ts';
import { freePorts } from '../../tools/free-ports.ts';
import { temporaryFolder } from './temporary-folder.ts';
import type { TemporaryFolder } from './temporary-folder.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where a test asks for the node that the whole run shares. */
    sharedCassandraUrl: string;
  }
}

/** `host:port` of a node that is there already and is used instead, as while developing: a node takes many seconds to start. */
const GIVEN = process.env.KATBUS_TEST_CASSANDRA;

/**
 * One Cassandra for all test files of a run, started when the first one asks and stopped after the last: files run in processes of
 * their own, so it belongs to vitest's own process, which they ask over HTTP.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let node: Promise<SharedNode> | undefined;
  const contactPoint = async (): Promise<string> => {
    if (GIVEN !== undefined && GIVEN !== '') return GIVEN;
    node ??= startNode();
    const [point = ''] = (await node).cluster.contactPoints;
    return point;
  };
  const server = createServer((_request, response) => {
    contactPoint().then(
      (text) => response.end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  project.provide('sharedCassandraUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    // One that did not come up was told to those who asked.
    const running = await node?.catch(() => undefined);
    await running?.cluster.stop();
    await running?.folder.remove();
  };
}

interface SharedNode {
  readonly cluster: CassandraCluster;
  readonly folder: TemporaryFolder;
}

async function startNode(): Promise<SharedNode> {
  const folder = await temporaryFolder('shared-cassandra');
  const host = '127.0.0.1';
  const [port = 0, storagePort = 0] = await freePorts(host, 2);
  const options = { nodes: [{ host, port, storagePort }], home: folder.path, heap: '1G', isBrief: true };
  try {
    return { cluster: await CassandraCluster.start(options), folder };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
