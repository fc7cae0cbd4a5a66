import { httpFailure } from '../http/errors.ts';

/** Why an upgrade is refused before it is one; PROTOCOL.md, "Errors". */
export const REFUSALS = {
  notFound: httpFailure(404, 'NOT_FOUND', 'the websocket is at /ws'),
  forbidden: httpFailure(
    403,
    'FORBIDDEN',
    'pages of this origin may not connect: allow it with --allowed-origins',
  ),
  stopping: httpFailure(503, 'UNAVAILABLE', 'the portal is stopping'),
} as const;
export type RefusalName = keyof typeof REFUSALS;
