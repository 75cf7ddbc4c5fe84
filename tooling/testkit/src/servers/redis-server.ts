import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, ServerProcess } from './server-process.ts';

/** A server of our own on loopback, with its files in a directory of its own. */
export interface OwnRedis {
  readonly port: number;
  readonly url: string;
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what its log holds. */
  restart(): Promise<void>;
  /** It stays there and does not answer, until it is resumed. */
  pause(): void;
  resume(): void;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** What a cluster's nodes talk to each other on: a port that lies this far above. */
const BUS_OFFSET = 10_000;
const PROGRAM = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);

/** Why tests with a Redis of their own cannot run here; undefined when they can. In CI they always must. */
export const NO_REDIS: string | undefined = PROGRAM !== undefined || process.env['CI'] === 'true' ? undefined : 'neither redis-server nor valkey-server is installed';

/** Starts a server on a free port, which keeps nothing unless `args` say so. */
export async function startRedis(args: readonly string[] = []): Promise<OwnRedis> {
  if (PROGRAM === undefined) throw new Error('redis-server is not installed');
  const directory = await mkdtemp(join(tmpdir(), 'p2p-redis-'));
  const port = await freePort(args.includes('--cluster-enabled') ? BUS_OFFSET : undefined);
  const all = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--daemonize', 'no', ...args];
  let server = await ServerProcess.start(PROGRAM, all, port);
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill: () => server.stop(),
    restart: async () => void (server = await ServerProcess.start(PROGRAM, all, port)),
    pause: () => server.pause(),
    resume: () => server.resume(),
    stop: async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Three masters that make up a cluster. */
export async function startCluster(): Promise<{ nodes: readonly OwnRedis[]; stop(): Promise<void> }> {
  const nodes: OwnRedis[] = [];
  for (let node = 0; node < 3; node++) nodes.push(await startRedis(['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000', '--cluster-require-full-coverage', 'yes']));
  const stop = async (): Promise<void> => {
    for (const node of nodes) await node.stop();
  };
  const created = spawnSync('redis-cli', ['--cluster', 'create', ...nodes.map(({ port }) => `127.0.0.1:${port}`), '--cluster-replicas', '0', '--cluster-yes'], { encoding: 'utf8', timeout: 20_000 });
  if (created.status !== 0) {
    await stop();
    throw new Error(`the cluster could not be made: ${created.stdout}${created.stderr}`);
  }
  // Each node makes up its own mind about whether the cluster is whole.
  const deadline = Date.now() + 20_000;
  for (const { port } of nodes) {
    while (!spawnSync('redis-cli', ['-p', String(port), 'cluster', 'info'], { encoding: 'utf8' }).stdout.includes('cluster_state:ok')) {
      if (Date.now() < deadline) continue;
      await stop();
      throw new Error('the cluster did not come up');
    }
  }
  return { nodes, stop };
}
