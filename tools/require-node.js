// Loaded before each script (`node --import`), in JavaScript that old versions understand: an older Node would stop at the first
// TypeScript file with an error that helps nobody.
import process from 'node:process';

const NEEDED_MAJOR = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED_MAJOR) {
  process.stderr.write(
    `Katbus needs Node ${NEEDED_MAJOR} or newer; this is ${process.version} (${process.execPath}). ` +
      'npm ci brings one for Linux (x64, arm64), macOS and Windows (x64), which npm scripts then use; ' +
      'elsewhere, or after npm ci --omit=optional, install it from https://nodejs.org.\n',
  );
  process.exit(1);
}
