import { Catalogue, type CatalogueOptions } from '../../../../src/backend/cassandra/catalogue/catalogue.ts';
import { prepareSchema } from '../../../../src/backend/cassandra/schema/prepare-schema.ts';
import type { CqlSession } from '../../../../src/backend/cassandra/session/cql-session.ts';
import { openSession } from '../../../../src/backend/cassandra/session/open-session.ts';
import type { WriteSummary } from '../../../../src/backend/backend.ts';
import type { WriteBatch } from '../../../../src/backend/write-batch.ts';
import { freshKeyspace, sharedCassandra } from '../../../../../../test/support/cassandra.ts';
import { batch } from '../../rows.ts';

const TABLES = ['sensors', 'latest', 'attributes', 'quarantine', 'gaps', 'floors', 'tallies'];

/** A keyspace with the catalogue's tables, and catalogues over it, each as another process would have it. */
export class CatalogueFixture {
  readonly session: CqlSession;
  readonly #keyspace: AsyncDisposable;
  #open: Catalogue[] = [];

  private constructor(session: CqlSession, keyspace: AsyncDisposable) {
    this.session = session;
    this.#keyspace = keyspace;
  }

  static async make(): Promise<CatalogueFixture> {
    const contactPoint = await sharedCassandra();
    const keyspace = freshKeyspace(contactPoint);
    const session = await openSession({ contactPoints: [contactPoint], keyspace: keyspace.name });
    await prepareSchema(session, { name: 'rows', tables: [] });
    return new CatalogueFixture(session, keyspace);
  }

  async open(options: Partial<CatalogueOptions> = {}): Promise<Catalogue> {
    const catalogue = await Catalogue.open(this.session, options);
    this.#open.push(catalogue);
    return catalogue;
  }

  /** Empty tables. */
  async empty(): Promise<void> {
    await Promise.all(this.#open.map((catalogue) => catalogue.close()));
    this.#open = [];
    for (const table of TABLES) await this.session.execute(`TRUNCATE ${table}`);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#open.map((catalogue) => catalogue.close()));
    await this.session.close();
    await this.#keyspace[Symbol.asyncDispose]();
  }
}

export async function write(catalogue: Catalogue, parts: Partial<WriteBatch>): Promise<WriteSummary> {
  return catalogue.commit(await catalogue.prepare(batch(parts)));
}
