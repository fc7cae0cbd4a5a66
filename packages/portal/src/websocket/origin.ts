/**
 * Whether a page of this origin may open a websocket. A browser always says from where it connects (RFC 6455, section 10.2), so what has no
 * `Origin` is no page. Without this check any page that an operator visits could read the bus from within.
 * @param host the request's `Host`
 * @param allowed origins beside the portal's own, as browsers write them: `https://example.org`
 */
export function isAllowedOrigin(
  origin: string | undefined,
  host: string | undefined,
  allowed: ReadonlySet<string>,
): boolean {
  if (origin === undefined) return true;
  if (allowed.has(origin)) return true;
  if (host === undefined || !URL.canParse(origin)) return false;
  return new URL(origin).host === host.toLowerCase();
}
