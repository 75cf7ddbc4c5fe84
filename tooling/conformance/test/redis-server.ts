import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A server of our own on loopback, with its files in a directory of its own. */
export interface OwnRedis {
  readonly port: number;
  readonly url: string;
  /** Ends the process at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what its log holds. */
  restart(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** Whether there is a `redis-server`; in CI there must be. */
export function hasRedis(): boolean {
  return process.env['CI'] === 'true' || spawnSync('redis-server', ['--version']).status === 0;
}

/** Starts `redis-server` on a free port. */
export async function startRedis(args: readonly string[] = []): Promise<OwnRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'record-store-redis-'));
  const port = await freePort();
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    const common = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--daemonize', 'no', '--protected-mode', 'no'];
    child = spawn('redis-server', [...common, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    await ready(child);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill: () => end('SIGKILL'),
    restart: start,
    stop: async () => {
      await end('SIGKILL');
      await rm(directory, { recursive: true });
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

async function ready(child: ChildProcess): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`redis-server ended: ${output}`)));
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.includes('Ready to accept connections')) resolve();
    });
  });
  child.removeAllListeners('exit');
  child.stdout!.removeAllListeners('data').resume();
}

/** A port that is free, and whose cluster bus port (+ 10 000) is free as well. */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 20_000);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
  throw new Error('no free port');
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return true;
  } catch {
    return false;
  } finally {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }
}
