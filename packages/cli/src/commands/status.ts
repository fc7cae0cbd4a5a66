import { natsOption } from '@katbus/bus/daemon';
import { Command, Option } from 'commander';
import { EXIT_CODES } from '../cli-error.ts';
import { styled } from '../output/colours.ts';
import { note, write } from '../output/standard-output.ts';
import { tableLines, type Column } from '../output/table.ts';
import { portalOption } from '../portal/portal-option.ts';
import type { Check, CheckState } from '../status/check.ts';
import { natsChecks } from '../status/nats-checks.ts';
import { portalChecks, type PortalFindings } from '../status/portal-checks.ts';

interface StatusOptions {
  readonly portal: string;
  readonly nats: string;
  readonly json?: true;
}

export function statusCommand(): Command {
  return new Command('status')
    .description('Says whether nats-server, streams, store, services, portal and components are up.')
    .addOption(portalOption())
    .addOption(natsOption())
    .addOption(new Option('--json', 'one JSON object'))
    .addHelpText(
      'after',
      '\nThe exit code is 1 when something is wrong. A component that the archive knows and that does not answer is shown as\n' +
        'absent, which alone is not wrong. Where nats-server cannot be reached from here, the portal must say that all is well.\n' +
        '\nExamples:\n  katbus status\n  katbus status --json | jq .ok',
    )
    .action(status);
}

async function status(options: StatusOptions): Promise<void> {
  const [portal, nats] = await Promise.all([portalChecks(options.portal), natsChecks(options.nats)]);
  const checks = [...natsAndStore(nats, portal), ...portal.checks];
  const wrong = checks.filter(({ state }) => state === 'wrong').length;
  if (options.json) {
    await write(`${JSON.stringify({ ok: wrong === 0, checks })}\n`);
  } else {
    for (const line of checkLines(checks)) await write(`${line}\n`);
    if (wrong > 0) note(wrong === 1 ? 'one thing is wrong' : `${wrong} things are wrong`);
  }
  if (wrong > 0) process.exitCode = EXIT_CODES.failed;
}

/** Where nats-server is closed to us, a portal that is connected to it is proof enough, and tells of the store. */
function natsAndStore(nats: readonly Check[], portal: PortalFindings): readonly Check[] {
  const [first, ...rest] = nats;
  if (first === undefined || rest.length > 0 || !portal.isReady) return nats;
  const detail = `the portal is connected to it, but from here: ${first.detail}`;
  return [{ ...first, state: 'unknown', detail }, ...(portal.store === undefined ? [] : [portal.store])];
}

const COLUMNS: readonly Column[] = [{ title: 'PART' }, { title: 'STATE' }, { title: 'DETAIL' }];

const STYLES = { ok: 'green', wrong: 'red', unknown: 'yellow', absent: 'dim' } as const satisfies Record<
  CheckState,
  string
>;

function checkLines(checks: readonly Check[]): string[] {
  const rows = checks.map(({ part, state, detail }) => [
    { text: part },
    { text: state, colour: (text: string) => styled(STYLES[state], text) },
    { text: detail },
  ]);
  return tableLines(COLUMNS, rows);
}
