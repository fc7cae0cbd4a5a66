import { PortalClient, type ClientState } from '@katbus/client';
import { CliError } from '../cli-error.ts';
import { note } from '../output/standard-output.ts';

/** How long a person is made to wait for a portal that does not answer at all. */
const OPEN_WITHIN_MS = 5_000;

export class NoPortalError extends CliError {
  constructor(url: string) {
    super(`no portal answers at ${url}: is "katbus up" running? Another address is given with --portal`);
    this.name = 'NoPortalError';
  }
}

/** Longer than the portal itself waits for the services behind it: its answer says which one is silent. */
const ANSWER_WITHIN_MS = 15_000;

/**
 * Connects to a portal, calls, and closes.
 * @throws {NoPortalError}
 */
export async function withPortal<T>(url: string, use: (client: PortalClient) => Promise<T>): Promise<T> {
  const client = new PortalClient({
    url,
    dialTimeoutMs: OPEN_WITHIN_MS,
    requestTimeoutMs: ANSWER_WITHIN_MS,
  });
  try {
    await opened(client, url);
    const stopTelling = tellOfReconnecting(client);
    try {
      return await use(client);
    } finally {
      stopTelling();
    }
  } finally {
    client.close();
  }
}

/** The client itself would try for ever; a person who typed a command wants to know. */
async function opened(client: PortalClient, url: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const judge = ({ name }: ClientState) => {
    if (name === 'open') resolve();
    if (name === 'waiting' || name === 'closed') reject(new NoPortalError(url));
  };
  const stop = client.onState(judge);
  const timer = setTimeout(() => reject(new NoPortalError(url)), OPEN_WITHIN_MS);
  judge(client.state);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    stop();
  }
}

function tellOfReconnecting(client: PortalClient): () => void {
  let isLost = false;
  return client.onState(({ name }) => {
    if (name === 'waiting' && !isLost) note('the portal is gone: trying to reach it again');
    if (name === 'open' && isLost) note('the portal is back');
    isLost = name !== 'open';
  });
}
