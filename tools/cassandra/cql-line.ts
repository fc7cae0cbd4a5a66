import { connect } from 'node:net';
import type { Socket } from 'node:net';

// As much of the native protocol (version 4) as it takes to ask whether a node answers, and to run a statement without values. The tools
// have no driver: one that is told to a node that starts keeps trying by rules of its own.

const REQUEST = { startup: 0x01, options: 0x05, query: 0x07 } as const;
const RESPONSE = { error: 0x00, ready: 0x02, authenticate: 0x03, supported: 0x06, result: 0x08 } as const;
const VERSION = 4;
const HEADER_BYTES = 9;
const CONSISTENCY_ONE = 1;

export interface CqlAddress {
  readonly host: string;
  readonly port: number;
}

interface Frame {
  readonly opcode: number;
  readonly body: Buffer;
}

/** Whether CQL answers there within the time. Never rejects. */
export async function cqlAnswers(address: CqlAddress, timeoutMs = 2_000): Promise<boolean> {
  const answers = await converse(address, [frame(REQUEST.options, Buffer.alloc(0))], timeoutMs).catch(
    () => [],
  );
  return answers[0]?.opcode === RESPONSE.supported;
}

/**
 * Runs statements one after another, without credentials; their rows are not looked at.
 * @throws {Error} what the node says of the first one that fails
 */
export async function runCql(
  address: CqlAddress,
  statements: readonly string[],
  timeoutMs = 30_000,
): Promise<void> {
  await converse(address, [startupFrame(), ...statements.map(queryFrame)], timeoutMs);
}

/** Sends each frame when the one before has been answered. @throws {Error} for an answer that is an error */
function converse(address: CqlAddress, requests: readonly Buffer[], timeoutMs: number): Promise<Frame[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const answers: Frame[] = [];
    const timer = setTimeout(() => {
      end(() => reject(new Error(`${address.host}:${address.port} did not answer in ${timeoutMs} ms`)));
    }, timeoutMs);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const next = () => {
      const request = requests[answers.length];
      if (request === undefined) end(() => resolve(answers));
      else socket.write(request);
    };
    socket.once('connect', next);
    socket.once('error', (error) => end(() => reject(error)));
    socket.once('close', () => end(() => reject(new Error(`${address.host}:${address.port} hung up`))));
    readFrames(socket, (answer) => {
      answers.push(answer);
      const failure = failureOf(answer);
      if (failure === undefined) next();
      else end(() => reject(failure));
    });
  });
}

function readFrames(socket: Socket, onFrame: (frame: Frame) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUInt32BE(5);
      if (rest.length < end) return;
      const found = { opcode: rest.readUInt8(4), body: rest.subarray(HEADER_BYTES, end) };
      rest = rest.subarray(end);
      onFrame(found);
    }
  });
}

function failureOf({ opcode, body }: Frame): Error | undefined {
  if (opcode === RESPONSE.authenticate) return new Error('the node asks for credentials');
  if (opcode !== RESPONSE.error) return undefined;
  const length = body.readUInt16BE(4);
  return new Error(body.toString('utf8', 6, 6 + length));
}

function frame(opcode: number, body: Buffer): Buffer {
  const header = Buffer.from([VERSION, 0, 0, 0, opcode, 0, 0, 0, 0]);
  header.writeUInt32BE(body.length, 5);
  return Buffer.concat([header, body]);
}

function startupFrame(): Buffer {
  return frame(REQUEST.startup, Buffer.concat([uint16(1), shortText('CQL_VERSION'), shortText('3.0.0')]));
}

function queryFrame(cql: string): Buffer {
  const text = Buffer.from(cql);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return frame(REQUEST.query, Buffer.concat([length, text, uint16(CONSISTENCY_ONE), Buffer.from([0])]));
}

function shortText(text: string): Buffer {
  return Buffer.concat([uint16(Buffer.byteLength(text)), Buffer.from(text)]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
