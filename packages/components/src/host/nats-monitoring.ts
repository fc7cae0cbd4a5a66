export type JsonObject = Readonly<Record<string, unknown>>;

const ANSWER_WITHIN_MS = 2_000;

/** nats-server's HTTP monitoring (docs.nats.io, "Monitoring"). */
export class NatsMonitoring {
  private readonly base: URL;

  /** @param url `http://127.0.0.1:8222` */
  constructor(url: URL) {
    this.base = url;
  }

  /** @throws one line that names the address, when there is no answer or no JSON object */
  async get(path: string): Promise<JsonObject> {
    const response = await this.fetch(path);
    if (!response.ok) throw new Error(`${this.base.origin}${path} answers ${response.status}`);
    const document: unknown = await response.json();
    return objectOf(document, path);
  }

  /** False as well when JetStream's streams are not all in order. */
  async isHealthy(): Promise<boolean> {
    const response = await this.fetch('/healthz');
    await response.arrayBuffer();
    return response.ok;
  }

  private async fetch(path: string): Promise<Response> {
    try {
      return await fetch(new URL(path, this.base), { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    } catch (error) {
      throw new Error(`nats-server's monitoring does not answer at ${this.base.origin}`, { cause: error });
    }
  }
}

export function objectOf(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`${what} is no object`);
  return value as JsonObject;
}

export function fieldOf(document: JsonObject, field: string): unknown {
  const value = document[field];
  if (value === undefined) throw new Error(`nats-server's monitoring lacks ${field}`);
  return value;
}

export function numberOf(document: JsonObject, field: string): number {
  const value = fieldOf(document, field);
  if (typeof value !== 'number') throw new Error(`nats-server's monitoring has ${field} that is no number`);
  return value;
}

/** @returns an empty list when the field is absent, as nats-server leaves out empty lists */
export function listOf(document: JsonObject, field: string): JsonObject[] {
  const value = document[field] ?? [];
  if (!Array.isArray(value)) throw new Error(`nats-server's monitoring has ${field} that is no list`);
  return value.map((entry: unknown) => objectOf(entry, field));
}
