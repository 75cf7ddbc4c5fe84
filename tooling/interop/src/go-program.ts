import { execFile, spawnSync } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { InteropError } from './interop-error.ts';

/** Whether a Go toolchain was found, and if not, why. */
export type GoAvailability =
  | { readonly available: true; readonly command: string; readonly version: string }
  | { readonly available: false; readonly reason: string };

const SOURCE_DIRECTORY = join(import.meta.dirname, '..', 'go');
const BUILD_DIRECTORY = join(import.meta.dirname, '..', '.build');
/** Names the `go` command to use, and no other. */
const GO_VARIABLE = 'DAVE_INTEROP_GO';
/** On PATH, else where the official installer puts it. */
const GO_COMMANDS = ['go', '/usr/local/go/bin/go'];
const BUILD_TIMEOUT_MS = 180_000;
const MODE_TIMEOUT_MS = 180_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

let availability: GoAvailability | undefined;
let built: Promise<string> | undefined;

/** Looks for a Go toolchain; the answer is kept for the life of the process. */
export function goAvailability(): GoAvailability {
  availability ??= findGo();
  return availability;
}

function findGo(): GoAvailability {
  const chosen = process.env[GO_VARIABLE];
  for (const command of chosen === undefined ? GO_COMMANDS : [chosen]) {
    const found = spawnSync(command, ['env', 'GOVERSION'], { encoding: 'utf8', cwd: SOURCE_DIRECTORY });
    if (found.status === 0) return { available: true, command, version: found.stdout.trim() };
  }
  return { available: false, reason: `no Go toolchain: install Go 1.22 or later and put it on PATH, or name it in ${GO_VARIABLE}` };
}

/**
 * Builds the Go program, once per process, and returns the path of the binary. Go's own cache makes
 * repeated builds cheap; the finished file is renamed into place, so several processes may build at
 * the same time.
 *
 * @throws InteropError `INTEROP_GO_MISSING`, `INTEROP_BUILD_FAILED`
 */
export function buildGoProgram(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  await mkdir(BUILD_DIRECTORY, { recursive: true });
  const binary = join(BUILD_DIRECTORY, process.platform === 'win32' ? 'dave-interop.exe' : 'dave-interop');
  const fresh = `${binary}.${process.pid}`;
  await runGo(['build', '-mod=readonly', '-buildvcs=false', '-trimpath', '-o', fresh, '.']);
  await rename(fresh, binary);
  return binary;
}

/**
 * Runs the `go` command in the folder of the Go program and returns its stdout.
 *
 * @throws InteropError `INTEROP_GO_MISSING`, `INTEROP_BUILD_FAILED`
 */
export function runGo(args: readonly string[]): Promise<string> {
  const go = goAvailability();
  if (!go.available) return Promise.reject(new InteropError('INTEROP_GO_MISSING', go.reason));
  return run(go.command, args, { cwd: SOURCE_DIRECTORY, timeoutMs: BUILD_TIMEOUT_MS, code: 'INTEROP_BUILD_FAILED' });
}

/** A mode of the Go program that prints one JSON object and ends. */
export type GoMode = 'version' | 'bench-pow' | 'bench-codec' | 'bench-verify' | 'bench-batch' | 'load-tcp' | 'load-get';

/** What is measured, by mode; times in the unit of the name. See go/README.md. */
export interface GoModeResult {
  readonly version: { go: string; godave: string; arch: string; cpus: number };
  readonly 'bench-pow': { hashes: number; mhashPerSec: number; nsPerHash: number; nsPerSolve8: number };
  readonly 'bench-codec': {
    key: string;
    put: readonly { valueSize: number; bytes: number; encodeNs: number; decodeNs: number }[];
  };
  readonly 'bench-verify': { ed25519Ns: number; datVerifyNs: number; ed25519SignNs: number };
  readonly 'bench-batch': { count: number; workers: number; flushedMs: number; readableMs: number; datsPerSec: number };
  readonly 'load-tcp': { count: number; bytes: number; sentMs: number; readableMs: number; datsPerSec: number };
  readonly 'load-get': {
    count: number;
    hits: number;
    hitsPerSec: number;
    elapsedMs: number;
    p50Us: number;
    p99Us: number;
    resent: number;
  };
}

/**
 * Runs one measuring mode in a process of its own, for instance
 * `runGoMode('load-get', ['-target', '[::1]:4127', '-gets', '200000'])`.
 *
 * @throws InteropError `INTEROP_GO_MISSING`, `INTEROP_BUILD_FAILED`, `INTEROP_MODE_FAILED`
 */
export async function runGoMode<M extends GoMode>(
  mode: M,
  args: readonly string[] = [],
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<GoModeResult[M]> {
  const binary = await buildGoProgram();
  const timeoutMs = options.timeoutMs ?? MODE_TIMEOUT_MS;
  const { signal } = options;
  const stdout = await run(binary, [mode, ...args], { timeoutMs, signal, code: 'INTEROP_MODE_FAILED' });
  return JSON.parse(stdout) as GoModeResult[M];
}

interface RunOptions {
  readonly cwd?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly code: 'INTEROP_BUILD_FAILED' | 'INTEROP_MODE_FAILED';
}

function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { cwd, timeoutMs, signal, code } = options;
  return new Promise((resolve, reject) => {
    const settings = { cwd, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES, encoding: 'utf8', signal } as const;
    execFile(command, args, settings, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = [stdout, stderr].map((text) => text.trim()).filter((text) => text !== '');
      const detail = said.length > 0 ? said.join('\n') : error.message;
      reject(new InteropError(code, `${command} ${args.join(' ')} failed:\n${detail}`, { cause: error }));
    });
  });
}
