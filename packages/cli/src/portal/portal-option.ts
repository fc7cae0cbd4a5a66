import { InvalidArgumentError, Option } from 'commander';

export const DEFAULT_PORTAL_URL = 'ws://127.0.0.1:8090/ws';

/** Where the portal is, for every command that asks it something. */
export function portalOption(): Option {
  return new Option('--portal <url>', "the portal's address, ws:// or http://")
    .env('KATBUS_PORTAL')
    .argParser(websocketUrl)
    .default(DEFAULT_PORTAL_URL);
}

/** `http://host:8090`, `ws://host:8090` and `ws://host:8090/ws` all mean the last one. */
export function websocketUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(?:ws|http)s?:$/.test(url.protocol)) {
    throw new InvalidArgumentError(
      `It is an address such as ${DEFAULT_PORTAL_URL} or http://127.0.0.1:8090.`,
    );
  }
  url.protocol = url.protocol.replace('http', 'ws');
  if (url.pathname === '/') url.pathname = '/ws';
  return url.href;
}
