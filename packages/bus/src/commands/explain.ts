import { setTimeout as delay } from 'node:timers/promises';
import type { Explanation } from '@katbus/protocol';
import { Command, Option } from 'commander';
import { natsOption, numberWithin } from '../daemon/index.ts';
import { askExplanation } from '../explain/ask-explanation.ts';
import type { BusConnection } from '../nats/index.ts';
import { connected } from './connected.ts';
import { decisionLine, explanationLines } from './explanation-text.ts';

interface ExplainOptions {
  readonly nats: string;
  readonly json?: true;
  readonly follow?: true;
  readonly duration?: number;
}

const ASK_EVERY_MS = 250;
/** Longer than between two questions, so that a component that is slow to answer goes on recording. */
const RECORD_SECONDS = 10;

/** `katbus explain`. */
export function explainCommand(): Command {
  return new Command('explain')
    .description(
      "says what a sensor's throttle does and why: rule, settings, what was sent, held and dropped",
    )
    .argument('<sensor>', '<component>.<sensor>, KATCP name, or the name in samples')
    .addOption(natsOption())
    .addOption(new Option('--follow', 'then every decision as it is made, until Ctrl-C'))
    .addOption(
      new Option('--duration <seconds>', 'end --follow after so long').argParser(
        numberWithin(0.1, 1e6, 'seconds'),
      ),
    )
    .addOption(new Option('--json', 'JSON: the explanation, and then a decision a line'))
    .action((sensor: string, options: ExplainOptions) =>
      connected(options.nats, (connection) => explain(connection, sensor, options)),
    );
}

async function explain(connection: BusConnection, sensor: string, options: ExplainOptions): Promise<void> {
  const wishes = options.follow ? { recordSeconds: RECORD_SECONDS } : {};
  const explanation = await askExplanation(connection, sensor, wishes);
  if (options.json) console.log(JSON.stringify(explanation));
  else for (const line of explanationLines(explanation, Date.now() / 1000)) console.log(line);
  if (options.follow) await follow(connection, explanation, options);
}

async function follow(
  connection: BusConnection,
  { component, sensor }: Explanation,
  { json, duration = Infinity }: ExplainOptions,
): Promise<void> {
  const endMs = performance.now() + duration * 1000;
  let after: number | undefined;
  do {
    const wishes = { recordSeconds: RECORD_SECONDS, ...(after !== undefined && { after }) };
    const { decisions = [] } = await askExplanation(connection, `${component}.${sensor}`, wishes);
    for (const decision of decisions) {
      const missed = decision.number - (after ?? decision.number - 1) - 1;
      if (missed > 0 && !json) console.log(`${missed} decisions more, faster than they can be told`);
      console.log(json ? JSON.stringify(decision) : decisionLine(decision));
      after = decision.number;
    }
    await delay(ASK_EVERY_MS);
  } while (performance.now() < endMs);
}
