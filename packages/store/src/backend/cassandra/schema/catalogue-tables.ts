/** Few rows that are read as a whole, and changed in place. */
const SMALL = "WITH compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'L4'}";

/** The tables beside those of samples. STORAGE.md, "Cassandra", says what their columns mean. */
export const CATALOGUE_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS archive (
    one tinyint PRIMARY KEY,
    identity text,
    layout text,
    version int,
    created bigint,
    quarantine_ids bigint
  ) ${SMALL}`,
  `CREATE TABLE IF NOT EXISTS sensors (
    component text,
    sensor text,
    id bigint,
    katcp_name text,
    first_t bigint,
    attributes text,
    attributes_from bigint,
    widths text,
    PRIMARY KEY (component, sensor)
  ) ${SMALL}`,
  `CREATE TABLE IF NOT EXISTS latest (
    component text,
    sensor text,
    t bigint,
    value_t bigint,
    status tinyint,
    kind tinyint,
    value double,
    text text,
    epoch bigint,
    newest_t bigint,
    PRIMARY KEY (component, sensor)
  ) ${SMALL}`,
  `CREATE TABLE IF NOT EXISTS attributes (
    component text,
    sensor text,
    from_t bigint,
    json text,
    PRIMARY KEY ((component, sensor), from_t)
  ) ${SMALL}`,
  `CREATE TABLE IF NOT EXISTS quarantine (
    part int,
    id bigint,
    sequence bigint,
    received_t bigint,
    subject text,
    reason text,
    text text,
    field text,
    bytes int,
    payload blob,
    PRIMARY KEY (part, id)
  ) ${SMALL} AND gc_grace_seconds = 86400`,
  `CREATE TABLE IF NOT EXISTS gaps (
    one tinyint,
    from_sequence bigint,
    to_sequence bigint,
    to_t bigint,
    from_t bigint,
    reason text,
    messages bigint,
    found_t bigint,
    PRIMARY KEY (one, from_sequence, to_sequence, to_t)
  ) ${SMALL}`,
  `CREATE TABLE IF NOT EXISTS floors (
    one tinyint,
    slot int,
    recorded_t bigint,
    sequence bigint,
    stream_created text,
    message_t bigint,
    latest_t bigint,
    PRIMARY KEY (one, slot)
  ) ${SMALL}`,
  `CREATE TABLE IF NOT EXISTS tallies (
    name text PRIMARY KEY,
    data blob
  ) ${SMALL}`,
];
