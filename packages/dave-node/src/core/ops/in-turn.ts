import type { Clock, Random, Timer } from '../../env.ts';
import type { Peer } from '../peers/peer.ts';
import { answerWithinMs } from '../peers/rtt.ts';

/** How long the answer of one whose round trip is not known may take before the next is asked. */
const UNKNOWN_ANSWER_MS = 150;

export interface InTurnParts {
  readonly clock: Clock;
  readonly random: Random;
  /** False when it could not be asked. */
  readonly ask: (peer: Peer) => boolean;
  /** Called once all have been asked: others may have become known meanwhile. */
  readonly askAll: () => void;
}

/** Asks the replicas of a read one after the other, beginning with another for each read, so that they share the work of many. */
export class InTurn {
  readonly #parts: InTurnParts;
  readonly #left: Peer[];
  #timer: Timer | undefined;
  #isOver = false;

  constructor(replicas: readonly Peer[], parts: InTurnParts) {
    const from = Math.floor(parts.random.float() * replicas.length);
    this.#left = [...replicas.slice(from), ...replicas.slice(0, from)];
    this.#parts = parts;
  }

  /** All have been asked. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Asks the next one, and so on each time that an answer is late. Call it for a refusal, and for an answer that is no valid one. */
  next(): void {
    if (this.#isOver) return;
    const { clock, ask, askAll } = this.#parts;
    this.#timer?.cancel();
    for (let peer = this.#left.shift(); peer !== undefined; peer = this.#left.shift()) {
      if (!ask(peer)) continue;
      this.#timer = clock.setTimer(answerWithinMs(peer, UNKNOWN_ANSWER_MS), () => this.next());
      return;
    }
    this.#isOver = true;
    askAll();
  }

  close(): void {
    this.#timer?.cancel();
  }
}
