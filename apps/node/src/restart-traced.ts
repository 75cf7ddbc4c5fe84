import { spawn } from 'node:child_process';

const CONDITION = '--conditions=p2p-trace';
const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** What this needs of the process that it restarts. */
export type Restartable = Pick<NodeJS.Process, 'execve' | 'execPath' | 'execArgv' | 'argv' | 'env' | 'exitCode' | 'on'>;

/** Whether the arguments have `--traced` among the program's own words. */
export function asksForTracing(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--traced');
}

/**
 * Starts this program again with the trace condition, which cannot change while a process runs: in the same
 * process where the system can, else in one that it waits for.
 */
export async function restartTraced(process: Restartable): Promise<void> {
  const args = [CONDITION, ...process.execArgv, ...process.argv.slice(1)];
  // Replaces this process and does not return: same id, same standard streams. Not there on Windows.
  process.execve?.(process.execPath, [process.execPath, ...args], process.env);
  const child = spawn(process.execPath, args, { stdio: 'inherit', env: process.env });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...ended) => resolve(ended));
  });
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
}
