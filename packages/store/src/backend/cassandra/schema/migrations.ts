import { CATALOGUE_TABLES } from './catalogue-tables.ts';

/**
 * Brings a keyspace from one version of the schema to the next. Its statements may be run any number of times, by several stores at once:
 * `CREATE TABLE IF NOT EXISTS`, `ALTER TABLE ... ADD IF NOT EXISTS`.
 */
export interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

/** In order; the first one makes table `archive`. A version that was ever released is never changed: what is to be different becomes the next one. */
export const MIGRATIONS: readonly Migration[] = [{ version: 1, statements: CATALOGUE_TABLES }];
