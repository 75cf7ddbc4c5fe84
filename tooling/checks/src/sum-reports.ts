// Adds up the JSON reports of the test runner: prints "passed failed skipped".
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const directory = process.argv[2];
if (directory === undefined) throw new TypeError('usage: sum-reports.ts <directory of JSON reports>');
const totals = { passed: 0, failed: 0, skipped: 0 };
const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
if (files.length === 0) throw new Error(`no reports in ${directory}: did any test run?`);
for (const name of files) {
  const report = JSON.parse(readFileSync(join(directory, name), 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
    numFailedTestSuites: number;
    success: boolean;
  };
  totals.passed += report.numPassedTests;
  // A file that could not be loaded fails without a failed test.
  totals.failed += report.numFailedTests === 0 && !report.success ? 1 : report.numFailedTests;
  totals.skipped += report.numPendingTests + report.numTodoTests;
}
console.log(`${totals.passed} ${totals.failed} ${totals.skipped}`);
