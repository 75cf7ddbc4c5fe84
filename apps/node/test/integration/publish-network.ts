import { FANOUT, peerIdOf, sortByDistance } from '@p2p/dave-wire';
import { run, startDaemon, type Daemon, type Ended, type StartOptions } from './dave-process.ts';

/** A network of daemons, each a process of its own, that all know each other. */
export class PublishNetwork implements AsyncDisposable {
  readonly home: string;
  readonly daemons: Daemon[];

  private constructor(home: string, daemons: Daemon[]) {
    this.home = home;
    this.daemons = daemons;
  }

  static async start(home: string, count: number): Promise<PublishNetwork> {
    const network = new PublishNetwork(home, []);
    try {
      const first = await startDaemon(home, 'node-0', ['--log-level', 'info']);
      network.daemons.push(first);
      const others = Array.from({ length: count - 1 }, (_, index) => startDaemon(home, `node-${index + 1}`, ['--edge', `${first.publicKey}@${first.listen}`]));
      for (const started of await Promise.allSettled(others)) {
        if (started.status === 'rejected') throw started.reason;
        network.daemons.push(started.value);
      }
      await Promise.all(network.daemons.map((daemon) => allActive(daemon, count - 1)));
      return network;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a command on the daemon's data directory. */
  at(daemon: Daemon, args: readonly string[], options: Partial<StartOptions> = {}): Promise<Ended> {
    return run([...args, '--data-dir', daemon.dataDir], { home: this.home, ...options });
  }

  /** The replicas of an author, closest first. */
  holdersOf(publicKeyHex: string): Daemon[] {
    const withIds = this.daemons.map((daemon) => ({ id: BigInt(`0x${daemon.id}`), daemon }));
    return sortByDistance(peerIdOf(Buffer.from(publicKeyHex, 'hex')), withIds).slice(0, FANOUT).map(({ daemon }) => daemon);
  }

  /** Ends a node without a word to the others. */
  async kill(daemon: Daemon): Promise<void> {
    this.daemons.splice(this.daemons.indexOf(daemon), 1);
    await daemon[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.daemons.splice(0).map((daemon) => daemon[Symbol.asyncDispose]()));
  }
}

/** Each daemon logs each peer once when it becomes active. */
async function allActive({ dave }: Daemon, count: number): Promise<void> {
  await dave.says('err', new RegExp(`(?:"msg":"peer active"[^]*){${count}}`));
}
