import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const TRACED = process.env['P2P_FLAVOUR'] === 'traced';
/** The built program; the condition chooses the flavour that is being tested. */
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** What to run before the arguments of `dave`. */
export const COMMAND: readonly string[] = [process.execPath, ...(TRACED ? ['--conditions=p2p-trace'] : []), MAIN];
/** Whatever is started here is over by then: a command, and what lives as long as its test file. */
const COMMAND_MS = 50_000;
const DAEMON_MS = 600_000;

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  out: string;
  err: string;
  elapsedMs: number;
}

export interface StartOptions {
  /** A home of its own: nothing of the person who runs the tests is read. */
  home: string;
  env?: Readonly<Record<string, string>>;
  /** Standard input; nothing if left out. */
  input?: Uint8Array | string;
  longestMs?: number;
}

/** One running `dave`. */
export class Dave implements AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves when the process is gone and its output complete. */
  readonly ended: Promise<Ended>;
  #out: Buffer[] = [];
  #err: Buffer[] = [];

  constructor(command: readonly string[], { home, env = {}, input, longestMs = COMMAND_MS }: StartOptions) {
    const startedMs = performance.now();
    const [program = '', ...args] = command;
    this.child = spawn(program, args, {
      env: { PATH: process.env['PATH'], HOME: home, XDG_DATA_HOME: home, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: longestMs,
      killSignal: 'SIGKILL',
    });
    this.child.stdout.on('data', (chunk: Buffer) => this.#out.push(chunk));
    this.child.stderr.on('data', (chunk: Buffer) => this.#err.push(chunk));
    // A program that does not read its input may be gone before it is written.
    this.child.stdin.on('error', () => {});
    if (input !== undefined) this.child.stdin.end(input);
    this.ended = once(this.child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: Buffer.concat(this.#out),
      out: this.out,
      err: this.err,
      elapsedMs: performance.now() - startedMs,
    }));
  }

  get out(): string {
    return Buffer.concat(this.#out).toString('utf8');
  }

  get err(): string {
    return Buffer.concat(this.#err).toString('utf8');
  }

  /** Waits until one of its outputs matches; rejects when it ends without. */
  async says(stream: 'out' | 'err', pattern: RegExp): Promise<RegExpExecArray> {
    const source = stream === 'out' ? this.child.stdout : this.child.stderr;
    const ended = new AbortController();
    void this.ended.then(() => ended.abort());
    for (;;) {
      const match = pattern.exec(this[stream]);
      if (match !== null) return match;
      await once(source, 'data', { signal: ended.signal }).catch(() => {
        if (pattern.exec(this[stream]) === null) throw new Error(`ended without ${pattern}:\n${this.out}\n${this.err}`);
      });
    }
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** Starts `dave` and leaves it running. */
export function start(args: readonly string[], options: StartOptions): Dave {
  return new Dave([...COMMAND, ...args], options);
}

/** Runs `dave` to its end. */
export async function run(args: readonly string[], options: StartOptions): Promise<Ended> {
  await using dave = start(args, { input: '', ...options });
  return await dave.ended;
}

export interface Daemon extends AsyncDisposable {
  dave: Dave;
  dataDir: string;
  id: string;
  publicKey: string;
  listen: string;
  control: string;
}

/** Starts a daemon on loopback and waits until it serves. */
export async function startDaemon(home: string, name: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Daemon> {
  const dataDir = join(home, name);
  const dave = start(['up', '--json', '--listen', '127.0.0.1:0', '--data-dir', dataDir, ...args], { home, env, longestMs: DAEMON_MS });
  try {
    const [line] = await dave.says('out', /^\{.*\}\n/);
    const said = JSON.parse(line) as { id: string; publicKey: string; listen: string; control: string };
    return { dave, dataDir, ...said, [Symbol.asyncDispose]: () => dave[Symbol.asyncDispose]() };
  } catch (error) {
    await dave[Symbol.asyncDispose]();
    throw error;
  }
}

/** A directory that is removed in the end. */
export async function temporaryHome(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'dave-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** The `error` of a JSON document on standard output. */
export function errorIn(ended: Ended): { code: string; message: string; [more: string]: unknown } {
  return (JSON.parse(ended.out) as { error: { code: string; message: string } }).error;
}
