import { S3Client, CreateBucketCommand } from '@aws-sdk/client-s3';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, ServerProcess } from './server-process.ts';

/** A gateway that serves a directory as S3, with conditional writes and removals. Apache-2.0. */
const PROGRAM = 'github.com/versity/versitygw/cmd/versitygw';
const VERSION = 'v1.8.0';
const KEY = 'test-access';
const SECRET = 'test-secret-of-the-tests';
const REGION = 'us-east-1';
const ENV = { ROOT_ACCESS_KEY: KEY, ROOT_SECRET_KEY: SECRET };

/** A real S3 for tests. */
export interface TestS3 {
  readonly client: S3Client;
  readonly bucket: string;
  readonly port: number;
  /** How other programs reach it: AWS where there is no endpoint, with these variables in their environment. */
  readonly access: { readonly endpoint: string | undefined; readonly env: Readonly<Record<string, string>> };
  /** Undefined for one that was there before. `dir` holds the bucket's objects as files. */
  readonly control: { readonly dir: string; kill(): Promise<void>; start(): Promise<void>; pause(): void; resume(): void } | undefined;
  /** Another client of the same server. */
  connect(): S3Client;
  close(): Promise<void>;
}

const isGiven = process.env['CACHE_TEST_S3_BUCKET'] !== undefined;
const canRun = isGiven || existsSync(builtProgram()) || hasProgram('versitygw') || spawnSync('go', ['version']).status === 0;

/** Why tests with S3 cannot run here; undefined when they can. In CI they always must. */
export const NO_S3: string | undefined = canRun || process.env['CI'] === 'true' ? undefined : 'there is neither versitygw nor Go to build it with, and CACHE_TEST_S3_BUCKET is not set';

/** Building takes a minute or two, once per machine. */
export const S3_START_MS = 600_000;

/** Starts a server on the loopback interface, or takes the bucket of CACHE_TEST_S3_BUCKET (with CACHE_TEST_S3_ENDPOINT, or AWS). */
export async function startS3(): Promise<TestS3> {
  const given = process.env['CACHE_TEST_S3_BUCKET'];
  if (given !== undefined) {
    const endpoint = process.env['CACHE_TEST_S3_ENDPOINT'];
    const connect = (): S3Client => new S3Client(endpoint === undefined ? {} : { endpoint, forcePathStyle: true });
    const client = connect();
    const env = Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (name.startsWith('AWS_') && value !== undefined ? [[name, value]] : [])));
    return { client, bucket: given, port: 443, access: { endpoint, env }, control: undefined, connect, close: async () => client.destroy() };
  }
  const program = hasProgram('versitygw') ? 'versitygw' : build();
  const { dir, port, args, ...first } = await startSomewhere(program);
  let { server } = first;
  const endpoint = `http://127.0.0.1:${port}`;
  const connect = (): S3Client =>
    new S3Client({ endpoint, region: REGION, forcePathStyle: true, credentials: { accessKeyId: KEY, secretAccessKey: SECRET } });
  const client = connect();
  const bucket = 'cache';
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    client,
    bucket,
    port,
    access: { endpoint, env: { AWS_ACCESS_KEY_ID: KEY, AWS_SECRET_ACCESS_KEY: SECRET, AWS_REGION: REGION } },
    control: {
      dir: join(dir, 'data', bucket),
      kill: () => server.stop(),
      start: async () => void (server = await ServerProcess.start(program, args, port, ENV)),
      pause: () => server.pause(),
      resume: () => server.resume(),
    },
    connect,
    async close() {
      client.destroy();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** On the first file system that keeps extended attributes: with them an object and its version are replaced at one moment. */
async function startSomewhere(program: string): Promise<{ server: ServerProcess; dir: string; port: number; args: string[] }> {
  let failure: unknown;
  for (const parent of [tmpdir(), '/var/tmp', homedir()]) {
    const dir = mkdtempSync(join(parent, 'cache-s3-'));
    mkdirSync(join(dir, 'data'));
    const port = await freePort();
    const args = ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', join(dir, 'data')];
    try {
      return { server: await ServerProcess.start(program, args, port, ENV), dir, port, args };
    } catch (error) {
      failure = error;
      rmSync(dir, { recursive: true, force: true });
    }
  }
  throw failure;
}

function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version']).status === 0;
}

function builtProgram(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'p2p-test-servers', `versitygw-${VERSION}`);
}

/** Builds the server from its Go module, once; keeps it where it is found again. */
export function build(): string {
  const place = builtProgram();
  if (existsSync(place)) return place;
  const parent = join(place, '..');
  mkdirSync(parent, { recursive: true });
  const draft = mkdtempSync(join(parent, 'build-'));
  try {
    execFileSync('go', ['install', `${PROGRAM}@${VERSION}`], { env: { ...process.env, GOBIN: draft, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' }, stdio: ['ignore', 'ignore', 'pipe'] });
    renameSync(join(draft, 'versitygw'), place);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return place;
}
