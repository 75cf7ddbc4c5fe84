import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface ChildResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of this directory to its end. `withoutOsLocks` hides the native lock package from it. */
export function runChild(program: string, args: readonly (string | number)[], withoutOsLocks: boolean = false): Promise<ChildResult> {
  const flags = withoutOsLocks ? ['--import', join(import.meta.dirname, 'without-os-locks.ts')] : [];
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, program), ...args.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
