import { type AddrPort, type Capabilities, formatAddrPort, peerIdOf } from '@p2p/dave-wire';
import { addressClass, type AddressClass } from './address-class.ts';
import { CapabilityClaims } from './capability-claims.ts';
import { Challenges } from './challenges.ts';
import type { Contact } from './contact.ts';
import type { Peer, PeerState } from './peer.ts';
import type { Scheduled } from './timetable.ts';

/** A peer of the table, as discovery changes it. Times ending in `At` are peer time, those of `Peer` monotonic. */
export class PeerRecord implements Peer, Contact, Scheduled {
  readonly address: AddrPort;
  readonly addressKey: string;
  readonly firstSeenMs: number;
  readonly addressClass: AddressClass;
  id = 0n;
  /** The halves of the id: XOR distances of thousands of peers are compared as numbers. */
  idHigh = 0;
  idLow = 0;
  publicKey: Uint8Array | undefined = undefined;
  edge = false;
  /** As `claims` say; a field, since everyone who picks peers looks at it. */
  client = false;
  state: PeerState = 'unproven';
  srttMs: number | undefined = undefined;
  rttvarMs: number | undefined = undefined;
  usedSpace = 0n;
  capacity = 0n;
  lastProofMs: number | undefined = undefined;

  readonly challenges: Challenges;
  readonly claims: CapabilityClaims;
  answeredMs: number | undefined = undefined;
  /** The key that the operator gave for this edge. */
  configuredKey: Uint8Array | undefined = undefined;
  /** Another address of a peer that is alive, or of ourselves: pinged rarely. */
  alias: bigint | undefined = undefined;
  lastProofAt: number | undefined = undefined;
  /** Since when it has answered without a gap. */
  provenSinceAt = 0;
  nextPingAt = 0;
  pingIntervalMs: number;
  /** When the doubt began that a failed request raised, and the quick PINGs sent since. */
  suspectedAt: number | undefined = undefined;
  quickPings = 0;
  pingsSent = 0;
  /** Position among the active peers, -1 outside. */
  activeIndex = -1;
  dueMs: number = Number.POSITIVE_INFINITY;
  slot = -1;
  readonly #onDue: (record: PeerRecord, nowMs: number) => void;

  constructor(
    address: AddrPort,
    setup: {
      firstSeenMs: number;
      pingIntervalMs: number;
      onDue: (record: PeerRecord, nowMs: number) => void;
      /** What was learnt about the address while it was a candidate. */
      former?: Contact;
    },
  ) {
    this.address = { address: address.address, port: address.port };
    this.addressKey = setup.former?.addressKey ?? formatAddrPort(this.address);
    this.addressClass = addressClass(address.address);
    this.firstSeenMs = setup.firstSeenMs;
    this.pingIntervalMs = setup.pingIntervalMs;
    this.#onDue = setup.onDue;
    this.challenges = setup.former?.challenges ?? new Challenges();
    this.claims = setup.former?.claims ?? new CapabilityClaims();
    this.client = this.claims.value?.client ?? false;
    this.answeredMs = setup.former?.answeredMs;
    this.usedSpace = setup.former?.usedSpace ?? 0n;
    this.capacity = setup.former?.capacity ?? 0n;
  }

  get pinnedKey(): Uint8Array | undefined {
    return this.configuredKey ?? this.publicKey;
  }

  get keyConfigured(): boolean {
    return this.configuredKey !== undefined;
  }

  get sendsPutAck(): boolean {
    return this.claims.value?.putAck ?? false;
  }

  get directedDiscovery(): boolean {
    return this.claims.value?.directedDiscovery ?? false;
  }

  get protocolVersion(): number | undefined {
    return this.claims.value?.protocolVersion;
  }

  /** Sets or clears the proven key. The bytes are kept. */
  setKey(publicKey: Uint8Array | undefined): void {
    this.publicKey = publicKey;
    this.id = publicKey === undefined ? 0n : peerIdOf(publicKey);
    this.idHigh = Number(this.id >> 32n);
    this.idLow = Number(this.id & 0xffff_ffffn);
  }

  hear(capabilities: Capabilities | undefined, interval: number): void {
    this.claims.hear(capabilities, interval);
    this.client = this.claims.value?.client ?? false;
  }

  fire(nowMs: number): void {
    this.#onDue(this, nowMs);
  }
}
