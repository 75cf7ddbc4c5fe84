import { DaveNode, type NodeIntervals, type NodeMode } from '@p2p/dave-node';
import { formatAddrPort, generateKeyPair } from '@p2p/dave-wire';

/**
 * Faster than a production node, so that a story of minutes is told in seconds; the order of things is
 * the same. Everybody pings everybody and all share one thread, so more nodes ping less often.
 */
function demoIntervals(count: number): Partial<NodeIntervals> {
  return { pingMs: Math.max(250, 20 * count), replicateMs: 2000, replicationStaggerMs: 200 };
}

/** Nodes of one process on loopback, each with its own key, sockets and store. */
export class DemoNetwork implements AsyncDisposable {
  readonly #live: DaveNode[] = [];
  readonly #intervals: Partial<NodeIntervals>;

  private constructor(intervals: Partial<NodeIntervals>) {
    this.#intervals = intervals;
  }

  /** Opens `count` nodes; all but the first start from the first. */
  static async open(count: number, signal: AbortSignal): Promise<DemoNetwork> {
    const network = new DemoNetwork(demoIntervals(count));
    try {
      const first = await network.#add([], signal);
      const edge = formatAddrPort({ address: '127.0.0.1', port: first.listenAddress.port });
      await Promise.all(Array.from({ length: count - 1 }, () => network.#add([edge], signal)));
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  async #add(edges: readonly string[], signal: AbortSignal): Promise<DaveNode> {
    const node = await this.#open('peer', edges, signal);
    this.#live.push(node);
    return node;
  }

  /** A node that reads and writes but holds nothing for others; the caller closes it. */
  openClient(signal: AbortSignal): Promise<DaveNode> {
    return this.#open('client', [this.edge], signal);
  }

  #open(mode: NodeMode, edges: readonly string[], signal: AbortSignal): Promise<DaveNode> {
    return DaveNode.open({
      privateKey: generateKeyPair().privateKey,
      listen: '127.0.0.1:0',
      mode,
      edges,
      intervals: this.#intervals,
      // Many pools of threads cost more than the few signatures of the story.
      verifyThreads: 0,
      signal,
    });
  }

  /** Nodes that still run. */
  get live(): readonly DaveNode[] {
    return this.#live;
  }

  /** The first node that still runs: a good edge for those who join. */
  get edge(): string {
    const [node] = this.#live;
    if (node === undefined) throw new Error('the network is closed');
    return formatAddrPort({ address: '127.0.0.1', port: node.listenAddress.port });
  }

  /** Ends a node without a word to the others: the protocol has no goodbye. */
  async kill(node: DaveNode): Promise<void> {
    const index = this.#live.indexOf(node);
    if (index !== -1) this.#live.splice(index, 1);
    await node.close();
  }

  async close(): Promise<void> {
    await Promise.all(this.#live.splice(0).map((node) => node.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
