import './page-language.ts';
import { PortalClient } from '@katbus/client';
import { ConnectionBadge } from './connection-badge.ts';
import { pageElement, setText } from './element.ts';
import { Painter } from './painter.ts';
import { PortalClock } from './portal-clock.ts';
import { PortalFeed } from './portal-feed.ts';
import { formatSelection, parseSelection, type Selection } from './selection.ts';
import { SensorBook } from './sensor-book.ts';
import { SensorDetail } from './sensor-detail.ts';
import { EVERY_SENSOR, filterSensors, type SensorFilter } from './sensor-filter.ts';
import { SensorList } from './sensor-list.ts';
import { SiteClock } from './site-clock.ts';
import { StatusButtons } from './status-buttons.ts';

/** How often ages and clocks are painted although nothing came. */
const TICK_MS = 1_000;

function start(): void {
  const url = new URL('/ws', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const client = new PortalClient({ url: url.href });
  const clock = new PortalClock();
  const book = new SensorBook();
  const painter = new Painter();
  let filter: SensorFilter = EVERY_SENSOR;
  let selection: Selection = parseSelection(location.hash);
  let listed = { membership: -1, statuses: -1, filter };

  const badge = new ConnectionBadge(
    {
      root: pageElement('#connection', HTMLElement),
      text: pageElement('#connection-text', HTMLElement),
      countdown: pageElement('#countdown', HTMLElement),
      retry: pageElement('#retry', HTMLButtonElement),
    },
    () => client.reconnectNow(),
  );
  const siteClock = new SiteClock(pageElement('#utc', HTMLElement), pageElement('#lst', HTMLElement), clock);
  const list = new SensorList(
    pageElement('#list', HTMLElement),
    book,
    (address) => go({ ...selection, sensor: address }),
    () => listChanged(),
  );
  const detail = new SensorDetail(client, book, clock, {
    onSpan: (span) => go({ ...selection, span }),
    onBack: () => go({ ...selection, sensor: undefined }),
    onChange: () => detailChanged(),
  });
  const buttons = new StatusButtons(pageElement('#statuses', HTMLElement), book, (status) => {
    filter = { ...filter, status };
    membersChanged();
  });
  const search = pageElement('#filter', HTMLInputElement);

  const headChanged = painter.part(() => {
    badge.paint();
    siteClock.paint();
  });
  const listChanged = painter.part(() => list.paint(clock.now()));
  // The curve of many samples is the dearest part; five a second look alive.
  const detailChanged = painter.part(() => detail.paint(), { leastIntervalMs: 200 });
  const membersChanged = painter.part(
    () => {
      const { membership, statuses } = book;
      buttons.paint();
      const isSame =
        listed.membership === membership &&
        listed.filter === filter &&
        (filter.status === undefined || listed.statuses === statuses);
      if (isSame) return;
      listed = { membership, statuses, filter };
      const sensors = filterSensors(book.sorted(), filter);
      list.show(sensors);
      setText(pageElement('#tally', HTMLElement), tallyText(sensors.length, book.size));
      listChanged();
      detailChanged();
    },
    { leastIntervalMs: 250 },
  );

  new PortalFeed(client, book, clock, {
    onSample: (entry, sample) => {
      if (detail.add(entry, sample)) detailChanged();
      listChanged();
    },
    onTime: (message) => siteClock.learn(message),
    onGap: () => detail.reload(),
    onIncomplete: (reason) => badge.incomplete(reason),
    onHeard: () => {
      badge.heard();
      membersChanged();
    },
  });

  client.onState((state) => {
    badge.show(state);
    detail.isLive = state.name === 'open';
    headChanged();
    detailChanged();
  });
  search.addEventListener('input', () => {
    filter = { ...filter, text: search.value };
    membersChanged();
  });
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && search.value !== '') {
      search.value = '';
      search.dispatchEvent(new Event('input'));
    } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
      event.preventDefault();
      pageElement('#list', HTMLElement).focus();
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target === search) return;
    event.preventDefault();
    search.focus();
  });
  // A network that is back, a lid that is opened: the next attempt need not wait.
  window.addEventListener('online', () => client.reconnectNow());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) client.reconnectNow();
  });
  function go(next: Selection): void {
    const hash = formatSelection(next);
    // An address without a hash: leaving the bare `#` there would look broken when it is passed on.
    if (hash === '') history.pushState(null, '', location.pathname + location.search);
    else if (hash !== location.hash) history.pushState(null, '', hash);
    select(next);
  }

  function select(next: Selection): void {
    selection = next;
    document.body.classList.toggle('has-selection', next.sensor !== undefined);
    document.title = next.sensor === undefined ? 'Katbus' : `${next.sensor} – Katbus`;
    list.select(next.sensor);
    detail.show(next.sensor, next.span);
    listChanged();
    detailChanged();
  }

  function tick(): void {
    headChanged();
    listChanged();
    detailChanged();
  }

  // Also when only the part behind # of the address was changed by hand.
  window.addEventListener('popstate', () => select(parseSelection(location.hash)));
  setInterval(tick, TICK_MS);
  select(selection);
  membersChanged();
  tick();
}

/** A page that has failed looks like one that stands still; so it says it. */
function showFailure(reason: string): void {
  const root = pageElement('#failure', HTMLElement);
  setText(root, `This page has failed: ${reason}. Reload it.`);
  root.hidden = false;
}

function tallyText(shown: number, all: number): string {
  if (all === 0) return 'no sensor heard of yet';
  return shown === all ? `${all} sensors` : `${shown} of ${all} sensors`;
}

window.addEventListener('error', ({ message }) => showFailure(message));
window.addEventListener('unhandledrejection', ({ reason }) => showFailure(String(reason)));
start();
