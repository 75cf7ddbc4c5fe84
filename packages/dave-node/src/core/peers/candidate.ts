import { type AddrPort, type Capabilities, formatAddrPort } from '@p2p/dave-wire';
import { CapabilityClaims } from './capability-claims.ts';
import { Challenges } from './challenges.ts';
import type { Contact } from './contact.ts';
import type { Scheduled } from './timetable.ts';

/** Who brought an address up: a peer's PONG, the address itself by a PING, or the hints of earlier runs. */
export type CandidateSource = 'gossip' | 'contact' | 'hint';

/** An address that may become a peer once it answers. */
export class Candidate implements Contact, Scheduled {
  readonly address: AddrPort;
  readonly addressKey: string;
  readonly source: CandidateSource;
  readonly firstSeenMs: number;
  readonly expectedKey: Uint8Array | undefined;
  readonly challenges: Challenges = new Challenges();
  readonly claims: CapabilityClaims = new CapabilityClaims();
  readonly keyConfigured = false;
  answeredMs: number | undefined = undefined;
  usedSpace = 0n;
  capacity = 0n;
  pingsSent = 0;
  /** Its next PING has its place in the rate already. */
  turnBooked = false;
  dueMs: number = Number.POSITIVE_INFINITY;
  slot = -1;
  readonly #onDue: (candidate: Candidate, nowMs: number) => void;

  constructor(
    address: AddrPort,
    setup: {
      addressKey?: string | undefined;
      source: CandidateSource;
      firstSeenMs: number;
      expectedKey?: Uint8Array | undefined;
      onDue: (candidate: Candidate, nowMs: number) => void;
    },
  ) {
    this.address = { address: address.address, port: address.port };
    this.addressKey = setup.addressKey ?? formatAddrPort(address);
    this.source = setup.source;
    this.firstSeenMs = setup.firstSeenMs;
    this.expectedKey = setup.expectedKey === undefined ? undefined : Uint8Array.from(setup.expectedKey);
    this.#onDue = setup.onDue;
  }

  /** A hint's key is a guess about a former run: the address may have a new owner, so any key may answer. */
  get pinnedKey(): undefined {
    return undefined;
  }

  hear(capabilities: Capabilities | undefined, interval: number): void {
    this.claims.hear(capabilities, interval);
  }

  fire(nowMs: number): void {
    this.#onDue(this, nowMs);
  }
}
