import { natsOption } from '@katbus/bus/daemon';
import { BusConnection, callService } from '@katbus/bus/nats';
import { isoText, STORE_SUBJECTS, type Gap, type GapsPage } from '@katbus/protocol';
import { Command, Option } from 'commander';
import { textTable } from './text-table.ts';

interface GapsOptions {
  readonly nats: string;
  readonly json?: true;
}

/** `katbus store gaps`: asks the store that is active. */
export function gapsCommand(): Command {
  return new Command('gaps')
    .description('what was lost from the stream before it could be stored: when, how much, why')
    .addOption(natsOption())
    .addOption(new Option('--json', 'a JSON object a gap'))
    .action(async (_options: unknown, command: Command) => {
      const { nats, json } = command.optsWithGlobals<GapsOptions>();
      const gaps = await allGaps(nats);
      const lines = json ? gaps.map((gap) => JSON.stringify(gap)) : toLines(gaps);
      process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    });
}

/** @throws {ServiceCallError} @throws {NoResponderError} when no store is active */
async function allGaps(nats: string): Promise<Gap[]> {
  const connection = await BusConnection.connect({ servers: nats, name: 'katbus-gaps' });
  try {
    const gaps: Gap[] = [];
    let after: string | undefined;
    do {
      const page = (await callService(connection, STORE_SUBJECTS.gaps, { after })) as GapsPage;
      gaps.push(...page.gaps);
      after = page.next;
    } while (after !== undefined);
    return gaps;
  } finally {
    await connection.close();
  }
}

function toLines(gaps: readonly Gap[]): string[] {
  if (gaps.length === 0) return ['nothing was lost'];
  const rows = gaps.map(({ from, to, messages, fromSequence, toSequence, reason }) => [
    isoText(from),
    isoText(to),
    toSequence < fromSequence ? 'unknown' : String(messages),
    toSequence < fromSequence ? `after ${toSequence}` : `${fromSequence}-${toSequence}`,
    reason,
  ]);
  return textTable(['FROM', 'TO', 'MESSAGES', 'SEQUENCES', 'WHY'], rows);
}
