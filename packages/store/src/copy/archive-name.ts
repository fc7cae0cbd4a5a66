import { InvalidArgumentError } from 'commander';

/** An archive as it is named on the command line. */
export type ArchiveName =
  | { readonly backend: 'sqlite'; readonly directory: string }
  | {
      readonly backend: 'cassandra';
      readonly keyspace: string;
      /** Absent: those of the option `--cassandra`. */
      readonly contactPoints?: readonly string[];
    };

const CASSANDRA = /^cassandra:(?:\/\/(?<hosts>[^/\s]+)\/)?(?<keyspace>[a-z][a-z0-9_]{0,47})$/;

/**
 * `sqlite:<data directory>`, `cassandra:<keyspace>`, `cassandra://<host>[:<port>][,...]/<keyspace>`.
 * @throws {InvalidArgumentError} it is none
 */
export function parseArchiveName(text: string): ArchiveName {
  if (text.startsWith('sqlite:') && text.length > 'sqlite:'.length) {
    return { backend: 'sqlite', directory: text.slice('sqlite:'.length) };
  }
  const groups = CASSANDRA.exec(text)?.groups;
  if (groups === undefined) {
    throw new InvalidArgumentError(
      'It is sqlite:<data directory>, cassandra:<keyspace> or cassandra://<host>[:<port>][,...]/<keyspace>.',
    );
  }
  const { hosts, keyspace = '' } = groups;
  return {
    backend: 'cassandra',
    keyspace,
    ...(hosts !== undefined && { contactPoints: hosts.split(',') }),
  };
}

export function printArchiveName(name: ArchiveName): string {
  if (name.backend === 'sqlite') return `sqlite:${name.directory}`;
  const hosts = name.contactPoints === undefined ? '' : `//${name.contactPoints.join(',')}/`;
  return `cassandra:${hosts}${name.keyspace}`;
}
