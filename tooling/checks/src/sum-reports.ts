// Adds up the JSON reports of the test runner: prints "passed failed skipped", and on stderr each failed test
// with the start of its message, so that the end of a long log says what went wrong.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  success: boolean;
  testResults: {
    name: string;
    status: string;
    message?: string;
    assertionResults: { fullName: string; status: string; failureMessages?: string[] | null }[];
  }[];
}

const MESSAGE_LINES = 12;

function startOf(message: string): string {
  return message
    .split('\n')
    .slice(0, MESSAGE_LINES)
    .map((line) => `    ${line}`)
    .join('\n');
}

function failuresOf(report: Report): string[] {
  return report.testResults.flatMap((file) => {
    const tests = file.assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `failed: ${file.name}: ${test.fullName}\n${startOf(test.failureMessages?.join('\n') ?? '')}`);
    // A file that could not be loaded fails without a failed test.
    return tests.length === 0 && file.status === 'failed' ? [`failed: ${file.name}\n${startOf(file.message ?? '')}`] : tests;
  });
}

const directory = process.argv[2];
if (directory === undefined) throw new TypeError('usage: sum-reports.ts <directory of JSON reports>');
const totals = { passed: 0, failed: 0, skipped: 0 };
const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
if (files.length === 0) throw new Error(`no reports in ${directory}: did any test run?`);
for (const name of files) {
  const report = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Report;
  const failures = failuresOf(report);
  totals.passed += report.numPassedTests;
  // An error outside of any test fails the run as well.
  totals.failed += report.success ? report.numFailedTests : Math.max(report.numFailedTests, failures.length, 1);
  totals.skipped += report.numPendingTests + report.numTodoTests;
  for (const failure of failures) console.error(failure);
  if (!report.success && failures.length === 0) console.error(`failed: ${name}: an error outside of any test, see its output above`);
}
console.log(`${totals.passed} ${totals.failed} ${totals.skipped}`);
