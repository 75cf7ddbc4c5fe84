import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 20_000;
const POLL_MS = 10;

/** A port of the loopback interface that was free just now, and the one that lies `alsoAbove` it too. */
export async function freePort(alsoAbove?: number): Promise<number> {
  for (;;) {
    const port = await listened(0);
    // One that the system gives out may lie too high to have another above.
    if (port !== undefined && (alsoAbove === undefined || (port + alsoAbove <= 65_535 && (await listened(port + alsoAbove)) !== undefined))) return port;
  }
}

/** The port that was listened on for a moment; undefined when it is taken. */
async function listened(port: number): Promise<number | undefined> {
  const server = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (!isFree) return undefined;
  const found = (server.address() as { port: number }).port;
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  return found;
}

/** A server program that was started by a test and ends with it. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (this.#output = (this.#output + text.toString()).slice(-4000)));
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    // A test run that is cut short leaves no server behind.
    const stop = (): void => void child.kill('SIGKILL');
    process.once('exit', stop);
    child.once('exit', () => process.off('exit', stop));
  }

  /** Starts a program and waits until it takes connections on a port. */
  static async start(command: string, args: readonly string[], port: number, env: Record<string, string> = {}): Promise<ServerProcess> {
    const server = new ServerProcess(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } }));
    const deadline = performance.now() + START_MS;
    while (!(await answers(port))) {
      if (server.#child.exitCode !== null || performance.now() > deadline) {
        await server.stop();
        throw new Error(`${command} did not start: ${server.#output}`);
      }
      await sleep(POLL_MS);
    }
    return server;
  }

  /** It stays there and does not answer. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
