/** A name that breaks the rules of SUBJECTS.md. `field` is the argument or the field that holds it. */
export class MalformedNameError extends Error {
  readonly code = 'MALFORMED_NAME';
  readonly field: string;
  readonly text: string;

  constructor(field: string, text: string, rule: string) {
    super(`${field} "${shorten(text)}" is refused: ${rule}`);
    this.field = field;
    this.text = text;
    this.name = 'MalformedNameError';
  }
}

/** A payload that is no sample; `field` is the first one that is missing or wrong, `(payload)` when it is not even a JSON object. */
export class MalformedSampleError extends Error {
  readonly code = 'MALFORMED_SAMPLE';
  readonly field: string;

  constructor(field: string, rule: string) {
    super(`sample refused: ${field} ${rule}`);
    this.field = field;
    this.name = 'MalformedSampleError';
  }
}

/** A payload that holds no attributes; `field` as in {@link MalformedSampleError}. */
export class MalformedAttributesError extends Error {
  readonly code = 'MALFORMED_ATTRIBUTES';
  readonly field: string;

  constructor(field: string, rule: string) {
    super(`attributes refused: ${field} ${rule}`);
    this.field = field;
    this.name = 'MalformedAttributesError';
  }
}

/** A pattern or filter that its language does not allow. */
export class MalformedPatternError extends Error {
  readonly code = 'MALFORMED_PATTERN';
  readonly pattern: string;
  /** Of a regular expression: RE2 lacks what it asks for (look-around, back-references, this size), a backtracking engine may have it. */
  readonly needsBacktracking: boolean;

  constructor(pattern: string, rule: string, { needsBacktracking = false } = {}) {
    super(`pattern "${shorten(pattern)}" ${rule}`);
    this.pattern = pattern;
    this.needsBacktracking = needsBacktracking;
    this.name = 'MalformedPatternError';
  }
}

/** A JSON document that breaks its schema: which one, and the first field at fault as a path (`params.subjects.0`). */
export class SchemaError extends Error {
  readonly code = 'SCHEMA';
  readonly schema: string;
  readonly field: string;

  constructor(schema: string, field: string, rule: string) {
    super(field === '' ? `${schema} ${rule}` : `${schema}: ${field} ${rule}`);
    this.schema = schema;
    this.field = field;
    this.name = 'SchemaError';
  }
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 97)}...`;
}
