import { CATALOGUE_TABLES } from './catalogue-tables.ts';

/** Brings a keyspace from one version of the schema to the next. Its statements may be run any number of times. */
export interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

/** In order. A version that was ever released is never changed: what is to be different becomes the next one. */
export const MIGRATIONS: readonly Migration[] = [{ version: 1, statements: CATALOGUE_TABLES }];

export const SCHEMA_VERSION = MIGRATIONS.at(-1)!.version;
