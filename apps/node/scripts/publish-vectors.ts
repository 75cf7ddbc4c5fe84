// Writes docs/publish-format-vectors.json: what another implementation of docs/publish-format.md can test itself
// against. The test in test/vectors holds the file against the code.
import { writeFileSync } from 'node:fs';
import { publishVectors } from '../test/vectors/publish-vectors.ts';

writeFileSync(new URL('../../../docs/publish-format-vectors.json', import.meta.url), `${JSON.stringify(publishVectors(), undefined, 1)}\n`);
