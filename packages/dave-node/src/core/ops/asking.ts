import type { Entry, Get } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import type { Timer } from '../../env.ts';
import type { Peer } from '../peers/peer.ts';
import { detachEntry } from './dat-bytes.ts';
import type { OperationsModules } from './modules.ts';
import type { GetRequests, OnAnswer, Outstanding } from './requests.ts';

/** GETs to one peer for one dat, the first one included. */
const MAX_SENDS = 4;
/** What is assumed of a peer whose round trip is not known yet. */
const UNKNOWN_RTO_MS = 500;
const LEAST_RTO_MS = 150;
const RTO_MARGIN_MS = 50;

/** How long an answer of this peer is waited for before the question is repeated. */
export function retransmitAfterMs(peer: Peer): number {
  if (peer.srttMs === undefined) return UNKNOWN_RTO_MS;
  return Math.max(LEAST_RTO_MS, peer.srttMs + 4 * (peer.rttvarMs ?? peer.srttMs / 2) + RTO_MARGIN_MS);
}

type AskModules = Pick<OperationsModules, 'clock' | 'endpoint' | 'directory' | 'trace'>;

/** What to ask whom, and who wants to know. */
export interface Question {
  readonly peer: Peer;
  readonly publicKey: Uint8Array;
  readonly key: string;
  readonly onAnswer: OnAnswer;
  readonly onSilent?: () => void;
  readonly maxSends?: number;
}

/** One question to one peer, repeated with doubling patience until it is answered or closed. */
export class Asking {
  readonly peer: Peer;
  readonly #modules: AskModules;
  readonly #requests: GetRequests;
  readonly #outstanding: Outstanding | undefined;
  readonly #onSilent: (() => void) | undefined;
  #timer: Timer | undefined;
  #sends = 0;
  #answered = false;

  /** Sends the first GET at once. Answers may come until `close`. `onSilent` is called when all patience is used up. */
  constructor(modules: AskModules, requests: GetRequests, question: Question) {
    this.peer = question.peer;
    if (TRACE) modules.trace?.start(this, question, 'ask', question.peer);
    this.#modules = modules;
    this.#requests = requests;
    this.#onSilent = question.onSilent;
    this.#outstanding = requests.open(question.peer, question.publicKey, question.key, (entry, answer) => {
      this.#answered = true;
      this.#timer?.cancel();
      if (TRACE) modules.trace?.finish(this, 'ask', true, question.peer);
      question.onAnswer(entry, answer);
    });
    if (this.#outstanding !== undefined) this.#send(this.#outstanding, question.maxSends ?? MAX_SENDS);
  }

  /** False when too many GETs were in flight already. */
  get asked(): boolean {
    return this.#outstanding !== undefined;
  }

  get answered(): boolean {
    return this.#answered;
  }

  close(): void {
    this.#timer?.cancel();
    if (TRACE) this.#modules.trace?.finish(this, 'ask', false, this.peer);
    if (this.#outstanding !== undefined) this.#requests.close(this.#outstanding);
  }

  #send(outstanding: Outstanding, maxSends: number): void {
    const { clock, directory, endpoint } = this.#modules;
    const { peer, publicKey, key, requestId } = outstanding;
    this.#sends += 1;
    const message: Get = { op: 'get', publicKey, key, extensions: { requestId } };
    if (TRACE) this.#modules.trace?.stamp(message, this);
    endpoint.send(message, peer.address);
    this.#timer = clock.setTimer(retransmitAfterMs(peer) * 2 ** (this.#sends - 1), () => {
      if (TRACE) this.#modules.trace?.lost(this, peer);
      // The question and one repetition went unanswered: that is no lost packet any more.
      if (this.#sends === 2) directory.suspect(peer);
      if (this.#sends < maxSends) this.#send(outstanding, maxSends);
      else this.#onSilent?.();
    });
  }
}

/** What one peer said about one dat; the entry is not verified. */
export type SingleAnswer = { answer: 'found'; entry: Entry } | { answer: 'not-found' } | { answer: 'silent' };

/** Asks one peer, twice at most, and takes its first answer. Rejects with the signal's reason. */
export function askOne(
  modules: AskModules,
  requests: GetRequests,
  question: { peer: Peer; publicKey: Uint8Array; key: string },
  signal: AbortSignal,
): Promise<SingleAnswer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const finish = (): void => {
      signal.removeEventListener('abort', onAbort);
      asking.close();
    };
    const onAbort = (): void => {
      finish();
      reject(signal.reason as Error);
    };
    const settle = (answer: SingleAnswer): void => {
      finish();
      resolve(answer);
    };
    const whole: Question = {
      ...question,
      maxSends: 2,
      onAnswer: (entry) => settle(entry === undefined ? { answer: 'not-found' } : { answer: 'found', entry: detachEntry(entry) }),
      onSilent: () => settle({ answer: 'silent' }),
    };
    if (TRACE) modules.trace?.inherit(whole, question);
    const asking = new Asking(modules, requests, whole);
    signal.addEventListener('abort', onAbort, { once: true });
    if (!asking.asked) settle({ answer: 'silent' });
  });
}
