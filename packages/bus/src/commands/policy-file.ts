import { readFile, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { checkPolicy, LARGEST_POLICY_BYTES, PolicyError, type PolicyRule } from '@katbus/protocol';
import { parseDocument } from 'yaml';

/** With comments and white space, a file may be larger than what is kept of it. */
const LARGEST_FILE_BYTES = 4 * LARGEST_POLICY_BYTES;

/**
 * Reads a list of rules, YAML or JSON (which is YAML).
 * @param file `-`: standard input
 * @throws {PolicyError} with everything that is wrong @throws the file system's error
 */
export async function readPolicyFile(file: string): Promise<PolicyRule[]> {
  const source = file === '-' ? await text(process.stdin) : await textOf(file);
  const document = parseDocument(source, { prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) throw listError(`is neither YAML nor JSON: ${fault.message.split('\n', 1)[0]}`);
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw listError(`cannot be read: ${(error as Error).message}`);
  }
  const rules = checkPolicy(content);
  const bytes = Buffer.byteLength(JSON.stringify(rules));
  if (bytes > LARGEST_POLICY_BYTES)
    throw listError(`takes ${bytes} bytes as JSON; at most ${LARGEST_POLICY_BYTES} are allowed`);
  return rules;
}

async function textOf(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > LARGEST_FILE_BYTES) throw listError(`has ${size} bytes; at most ${LARGEST_FILE_BYTES} are read`);
  return readFile(file, 'utf8');
}

function listError(reason: string): PolicyError {
  return new PolicyError([{ rule: 0, field: '', reason }]);
}
