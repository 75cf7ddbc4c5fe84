/** For tests: what shall happen at a named step. A step is counted per thread. */
export interface Fault {
  readonly step: string;
  /** `kill` ends the process at once; otherwise the code of the system error that is thrown. */
  readonly what: string;
  /** At which passing of the step, from 1. Default 1. */
  readonly at?: number;
}

let fault: Fault | undefined;
let passed = 0;

export function setFault(given: Fault | undefined): void {
  fault = given;
  passed = 0;
}

/** Marks a step after which the process may die, and at which the system may fail. Does nothing outside tests. */
export function step(name: string): void {
  if (fault === undefined || fault.step !== name) return;
  passed++;
  if (passed !== (fault.at ?? 1)) return;
  if (fault.what === 'kill') {
    process.kill(process.pid, 'SIGKILL');
    // The signal may take a moment to arrive at this thread.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
  throw Object.assign(new Error(`${fault.what}: made for a test at ${name}`), { code: fault.what });
}
