import { DaveNode, type GetResult } from '@p2p/dave-node';
import { generateKeyPair } from '@p2p/dave-wire';
import { startDaemon, type Daemon } from './dave-process.ts';

/** Writers at a time: enough that every batch of the record store is full of dats of different ones. */
const WRITERS = 64;
const KEYS = 40;
/** Reads at a time: their answers fit into a socket's buffer. */
const READS = 64;
const MOST_ASKED = 4;

/** What the daemon acknowledged: key to the number of the newest version. */
export type Acknowledged = Map<string, number>;

export interface Storm {
  readonly publicKey: Uint8Array;
  readonly acknowledged: Acknowledged;
}

/** One author whose dats a daemon keeps, through any number of kills. */
export class KillStorm implements Storm {
  readonly publicKey: Uint8Array;
  readonly acknowledged: Acknowledged = new Map();
  readonly #privateKey: Uint8Array;
  readonly #home: string;
  readonly #name: string;
  #listen = '127.0.0.1:0';
  #version = 0;

  constructor(home: string, name: string) {
    ({ publicKey: this.publicKey, privateKey: this.#privateKey } = generateKeyPair());
    this.#home = home;
    this.#name = name;
  }

  async start(): Promise<Daemon> {
    const daemon = await startDaemon(this.#home, this.#name, ['--listen', this.#listen]);
    this.#listen = daemon.listen;
    return daemon;
  }

  /** Puts over real sockets until so many were acknowledged, kills the daemon with puts under way, and waits for its end. */
  async round(daemon: Daemon, killAfterAcks: number): Promise<void> {
    const killed = new AbortController();
    const writer = await DaveNode.open({ privateKey: this.#privateKey, mode: 'client', listen: '127.0.0.1:0', edges: [`${daemon.publicKey}@${daemon.listen}`], verifyThreads: 0 });
    const id = BigInt(`0x${daemon.id}`);
    let acks = 0;
    try {
      await writer.waitForActivePeers(1);
      const write = async (at: number): Promise<void> => {
        for (let turn = 0; !killed.signal.aborted; turn++) {
          const key = `${at}/${turn % KEYS}`;
          const version = ++this.#version;
          const { replicas } = await writer.put(key, contentOf(key, version), { minAcks: 1, signal: killed.signal });
          const outcome = replicas.find((replica) => replica.id === id)?.outcome;
          if (outcome !== 'stored' && outcome !== 'already') throw new Error(`the daemon answered ${String(outcome)}`);
          this.acknowledged.set(key, Math.max(version, this.acknowledged.get(key) ?? 0));
          acks += 1;
          if (acks < killAfterAcks || killed.signal.aborted) continue;
          daemon.dave.signal('SIGKILL');
          killed.abort(new Error('killed'));
        }
      };
      const results = await Promise.allSettled(Array.from({ length: WRITERS }, (_, at) => write(at)));
      const failure = results.find((result) => result.status === 'rejected' && result.reason !== killed.signal.reason);
      if (failure?.status === 'rejected' && !killed.signal.aborted) throw failure.reason;
    } finally {
      await writer.close();
    }
    await daemon.dave.ended;
  }

  /** Reads everything that was acknowledged from the daemon, over real sockets, through a node that holds nothing. */
  async verify(daemon: Daemon): Promise<void> {
    const reader = await DaveNode.open({ privateKey: generateKeyPair().privateKey, mode: 'client', listen: '127.0.0.1:0', edges: [`${daemon.publicKey}@${daemon.listen}`], verifyThreads: 0 });
    const id = BigInt(`0x${daemon.id}`);
    try {
      await reader.waitForActivePeers(1);
      const keys = [...this.acknowledged];
      for (let from = 0; from < keys.length; from += READS) {
        await Promise.all(
          keys.slice(from, from + READS).map(async ([key, version]) => {
            const result = await ask(reader, this.publicKey, key);
            if (!result.found) throw new Error(`${key} is lost: version ${version} was acknowledged (${result.answered} of ${result.asked} answered)\n${daemon.dave.err}`);
            if (result.source !== id) throw new Error(`${key} came from somebody else`);
            const found = Number(Buffer.from(result.entry.dat.value).toString('utf8', 0, 12));
            if (found < version) throw new Error(`${key} has version ${found}: ${version} was acknowledged`);
            if (Buffer.compare(result.entry.dat.value, contentOf(key, found)) !== 0) throw new Error(`${key} is not what was put`);
          }),
        );
      }
    } finally {
      await reader.close();
    }
  }
}

/** Datagrams may be lost, above all on a busy machine: silence is asked again, an answer counts. */
async function ask(reader: DaveNode, publicKey: Uint8Array, key: string): Promise<GetResult> {
  for (let tries = 1; ; tries++) {
    const result = await reader.get(publicKey, key, { timeoutMs: 5000 });
    if (result.found || result.answered > 0 || tries === MOST_ASKED) return result;
  }
}

function contentOf(key: string, version: number): Uint8Array {
  return Buffer.from(`${String(version).padStart(12, '0')} ${key} `.repeat(4 + (version % 40)));
}
