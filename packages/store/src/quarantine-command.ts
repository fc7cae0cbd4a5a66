import { callService, BusConnection } from '@katbus/bus/nats';
import { natsOption } from '@katbus/bus/daemon';
import {
  isoText,
  parseTime,
  QUARANTINE_REASONS,
  STORE_SUBJECTS,
  type QuarantineDropAnswer,
  type QuarantineEntry,
  type QuarantinePage,
  type QuarantineReason,
  type QuarantineRetryAnswer,
  type QuarantineSelection,
} from '@katbus/protocol';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { textTable } from './text-table.ts';

/** A retry writes up to a thousand samples. */
const TIMEOUT_MS = 60_000;

interface SelectionOptions {
  readonly nats: string;
  readonly reason?: QuarantineReason;
  readonly since?: number;
  readonly all?: true;
  readonly json?: true;
}

/** `katbus quarantine`: what the store could not keep, and what to do with it. */
export function quarantineCommand(): Command {
  return new Command('quarantine')
    .description('Messages that could not be stored: what they are, why, and once more.')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(retryCommand())
    .addCommand(dropCommand());
}

function listCommand(): Command {
  return withSelection(new Command('list').description('the messages with their reasons, oldest first'))
    .addOption(new Option('--json', 'a JSON object a message'))
    .addHelpText('after', '\nExample:\n  katbus quarantine list --reason type --since -1h')
    .action(async (options: SelectionOptions) => {
      const found: QuarantineEntry[] = [];
      let total = 0;
      await pages<QuarantinePage>(options.nats, STORE_SUBJECTS.quarantine, selectionOf(options), (page) => {
        total = page.total;
        if (options.json) for (const entry of page.messages) print(JSON.stringify(entry));
        else found.push(...page.messages);
      });
      if (options.json) return;
      for (const line of listLines(found)) print(line);
      print(`${found.length} of ${total} in quarantine`);
    });
}

function showCommand(): Command {
  return new Command('show')
    .description('one message as it came')
    .addArgument(new Argument('<id>', 'as "list" has it').argParser(parseId))
    .addOption(natsOption())
    .addOption(new Option('--json', 'one JSON object'))
    .action(async (id: number, options: SelectionOptions) => {
      const request = { ids: [id], payload: true };
      const { messages } = (await ask(options.nats, STORE_SUBJECTS.quarantine, request)) as QuarantinePage;
      const [message] = messages;
      if (message === undefined) throw new Error(`there is no message ${id} in quarantine`);
      if (options.json) print(JSON.stringify(message));
      else for (const line of messageLines(message)) print(line);
    });
}

function retryCommand(): Command {
  return withIds(
    new Command('retry'),
    'decode them again with the attributes of today, and store those that are good',
  )
    .addHelpText('after', '\nExample:\n  katbus quarantine retry --reason type')
    .action(async (ids: number[], options: SelectionOptions) => {
      let stored = 0;
      const refused: QuarantineRetryAnswer['refused'][number][] = [];
      await pages<QuarantineRetryAnswer>(
        options.nats,
        STORE_SUBJECTS.quarantineRetry,
        selectionOf(options, ids),
        (answer) => {
          stored += answer.stored;
          refused.push(...answer.refused);
        },
      );
      if (options.json) {
        print(JSON.stringify({ stored, refused }));
        return;
      }
      for (const { id, reason, text } of refused) print(`${id} still not: ${reason}: ${text}`);
      print(`${stored} stored, ${refused.length} still in quarantine`);
    });
}

function dropCommand(): Command {
  return withIds(new Command('drop'), 'forget them').action(
    async (ids: number[], options: SelectionOptions) => {
      let dropped = 0;
      await pages<QuarantineDropAnswer>(
        options.nats,
        STORE_SUBJECTS.quarantineDrop,
        selectionOf(options, ids),
        (answer) => (dropped += answer.dropped),
      );
      print(options.json ? JSON.stringify({ dropped }) : `${dropped} dropped`);
    },
  );
}

function withSelection(command: Command): Command {
  return command
    .addOption(natsOption())
    .addOption(
      new Option('--reason <reason>', 'only these: STORAGE.md says what each means').choices(
        QUARANTINE_REASONS,
      ),
    )
    .addOption(
      new Option('--since <time>', 'only what came then or later: 2026-11-22T05:00, -1h').argParser(
        parseSince,
      ),
    );
}

function withIds(command: Command, description: string): Command {
  return withSelection(command.description(description))
    .addArgument(
      new Argument('[ids...]', 'as "list" has them').argParser((text, before) => [
        ...((before as number[] | undefined) ?? []),
        parseId(text),
      ]),
    )
    .addOption(new Option('--all', 'all of them'))
    .addOption(new Option('--json', 'one JSON object'));
}

function selectionOf(options: SelectionOptions, ids: readonly number[] = []): QuarantineSelection {
  return {
    ...(ids.length === 0 ? {} : { ids }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.since === undefined ? {} : { since: options.since }),
    ...(options.all === undefined ? {} : { all: true }),
  };
}

/** @throws {ServiceCallError} @throws {NoResponderError} when no store is active */
async function pages<Page extends { readonly next?: string }>(
  nats: string,
  subject: string,
  selection: QuarantineSelection,
  onPage: (page: Page) => void,
): Promise<void> {
  let after: string | undefined;
  do {
    const page = (await ask(nats, subject, { ...selection, after })) as Page;
    onPage(page);
    after = page.next;
  } while (after !== undefined);
}

async function ask(nats: string, subject: string, request: object): Promise<unknown> {
  const connection = await BusConnection.connect({ servers: nats, name: 'katbus-quarantine' });
  try {
    return await callService(connection, subject, request, { timeoutMs: TIMEOUT_MS });
  } finally {
    await connection.close();
  }
}

function listLines(entries: readonly QuarantineEntry[]): string[] {
  if (entries.length === 0) return [];
  const rows = entries.map(({ id, received, subject, reason, text }) => [
    String(id),
    isoText(received),
    reason,
    subject,
    text,
  ]);
  return textTable(['ID', 'RECEIVED', 'REASON', 'SUBJECT', 'WHAT IS WRONG'], rows);
}

function messageLines({ payload, payloadBase64, ...entry }: QuarantineEntry): string[] {
  return [
    `id        ${entry.id}`,
    `received  ${isoText(entry.received)}, message ${entry.sequence} of ARCHIVE`,
    `subject   ${entry.subject}`,
    `reason    ${entry.reason}: ${entry.text}`,
    `payload   ${entry.bytes} bytes${payload === undefined ? ', not UTF-8: base64' : ''}`,
    payload ?? payloadBase64 ?? '',
  ];
}

function parseId(text: string): number {
  const id = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(id)) throw new InvalidArgumentError('an id is a number');
  return id;
}

function parseSince(text: string): number {
  try {
    return parseTime(text, Date.now() / 1000);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
