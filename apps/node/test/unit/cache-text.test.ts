import { expect, test } from 'vitest';
import { renderEntries, renderProblem, renderReport } from '../../src/cli/cache-text.ts';

const HOSTILE = '\u001B[2Jkey\u202E\n';
const SHOWN = String.raw`\x1b[2Jkey\xe2\x80\xae\x0a`;

test('what somebody wrote into a shared cache does not reach the terminal as it is', () => {
  const entry = { key: HOSTILE, description: HOSTILE, sizeBytes: 1536, cachedAtMs: 0, lastAccessedMs: 0 };
  expect(renderEntries([{ entry, tiers: ['local', 's3'] }], true)).toBe(`   1.5 KiB  1970-01-01T00:00:00.000Z  local+s3     ${SHOWN}\n            ${SHOWN}\n`);
  const report = { evicted: 1, victims: [{ key: HOSTILE, sizeBytes: 1536, reason: 'max-age' }], freedBytes: 0, skipped: [], limitsHold: true, dryRun: false } as const;
  expect(renderReport(report)).toBe(`   1.5 KiB  max-age      ${SHOWN}\n1 trees removed, 0 B freed\n`);
  expect(renderProblem({ key: HOSTILE, problem: HOSTILE })).toBe(`${SHOWN}: ${SHOWN}\n`);
});
