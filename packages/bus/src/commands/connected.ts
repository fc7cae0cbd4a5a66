import { BusConnection } from '../nats/index.ts';

/** Does something with a connection, and closes it whatever comes of that. @throws {ConnectError} */
export async function connected<Result>(
  nats: string,
  act: (connection: BusConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await BusConnection.connect({ servers: nats, name: 'katbus-cli' });
  try {
    return await act(connection);
  } finally {
    await connection.close();
  }
}
