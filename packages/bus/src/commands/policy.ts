import {
  isoText,
  Policy,
  policyCoverage,
  PolicyError,
  policyFaultText,
  type PolicyRule,
} from '@katbus/protocol';
import { Command, Option } from 'commander';
import { natsOption } from '../daemon/index.ts';
import { knownSensors } from '../known-sensors.ts';
import { ConnectError, RevisionConflictError } from '../nats/index.ts';
import { readPolicy, writePolicy } from '../policy/policy-store.ts';
import { connected } from './connected.ts';
import { readPolicyFile } from './policy-file.ts';
import { changeLines, coverageLines, deadRuleLines, policyTable } from './policy-text.ts';

interface PolicyOptions {
  readonly nats: string;
  readonly json?: true;
  readonly dryRun?: true;
}

/** `katbus policy`. */
export function policyCommand(): Command {
  const policy = new Command('policy').description(
    'shows, checks and changes which samples components send: rules for sensors, the first that matches holds',
  );
  policy
    .command('show')
    .description('the rules as they hold now')
    .addOption(natsOption())
    .addOption(new Option('--json', 'one JSON object: revision, time, rules'))
    .action(show);
  policy
    .command('check')
    .description('whether a list of rules can be applied, and what it would do to the sensors on the bus')
    .argument('<file>', 'YAML or JSON; - reads standard input')
    .addOption(natsOption())
    .addOption(new Option('--json', 'one JSON object'))
    .action(check);
  policy
    .command('apply')
    .description(
      'checks a list of rules and puts it in place of the one that holds; components follow it at once',
    )
    .argument('<file>', 'YAML or JSON; - reads standard input')
    .addOption(natsOption())
    .addOption(new Option('--dry-run', 'only say what would change'))
    .action(apply);
  return policy;
}

async function show({ nats, json }: PolicyOptions): Promise<void> {
  const stored = await connected(nats, readPolicy);
  if (json) {
    const { revision, time, rules = [], refusal } = stored ?? { rules: [] };
    console.log(JSON.stringify({ revision, time, rules, refusal }));
    return;
  }
  if (stored === undefined) {
    console.log('there are no policies: components follow their own settings');
    return;
  }
  if (stored.rules === undefined) {
    console.log(`what is in the bucket cannot be applied, and components have refused it: ${stored.refusal}`);
  } else {
    for (const line of policyTable(stored.rules)) console.log(line);
  }
  console.log(`revision ${stored.revision}, written ${isoText(stored.time)}`);
}

async function check(file: string, { nats, json }: PolicyOptions): Promise<void> {
  const rules = await checkedFile(file, json);
  if (rules === undefined) return;
  const known = await connected(nats, knownSensors).catch((error: unknown) => {
    if (error instanceof ConnectError) return error;
    throw error;
  });
  const coverage = known instanceof Error ? undefined : policyCoverage(new Policy(rules), known.names);
  const dead = deadRuleLines(rules);
  if (json) {
    const absent = known instanceof Error ? [] : known.absent;
    console.log(JSON.stringify({ ok: true, rules: rules.length, faults: [], coverage, absent }));
    return;
  }
  console.log(`${rules.length} rules, none with a fault`);
  for (const line of dead) console.log(line);
  if (coverage === undefined) {
    console.log(`what the rules do to the sensors is not known: ${(known as Error).message}`);
    return;
  }
  for (const line of coverageLines(rules, coverage)) console.log(line);
  const { absent } = known as Exclude<typeof known, Error>;
  if (absent.length > 0) console.log(`no answer from ${absent.join(', ')}: their sensors are not counted`);
}

async function apply(file: string, { nats, dryRun }: PolicyOptions): Promise<void> {
  const rules = await checkedFile(file);
  if (rules === undefined) return;
  for (const line of deadRuleLines(rules)) console.log(line);
  await connected(nats, async (connection) => {
    const before = await readPolicy(connection);
    const changes = changeLines(before?.rules ?? [], rules);
    if (before?.rules !== undefined && changes.length === 0) {
      console.log(`nothing changes: revision ${before.revision} has the same ${rules.length} rules`);
      return;
    }
    for (const line of changes) console.log(line);
    if (dryRun) {
      console.log('nothing is written: --dry-run');
      return;
    }
    try {
      const revision = await writePolicy(connection, rules, before);
      console.log(`${rules.length} rules applied, revision ${revision}`);
    } catch (error) {
      if (!(error instanceof RevisionConflictError)) throw error;
      throw new Error(
        'somebody else has changed the policies meanwhile, nothing was written: look and try again',
        {
          cause: error,
        },
      );
    }
  });
}

/** @returns undefined when it has faults, which have been told then */
async function checkedFile(file: string, json?: true): Promise<PolicyRule[] | undefined> {
  try {
    return await readPolicyFile(file);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    if (json) console.log(JSON.stringify({ ok: false, faults: error.faults }));
    else for (const fault of error.faults) console.error(policyFaultText(fault));
    process.exitCode = 1;
    return undefined;
  }
}
