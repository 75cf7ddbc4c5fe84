import type { Extensions, Ping } from '@p2p/dave-wire';
import type { Contact } from './contact.ts';
import type { DiscoveryModules, DiscoverySettings } from './discovery-options.ts';
import type { Timetable } from './timetable.ts';

/** The PING then pays for a PONG with 12 addresses under a limit of three times what we sent. */
const PADDED_PING_BYTES = 140;
/** Bytes of a PING without extensions. */
const PLAIN_PING_BYTES = 49;
/** How long we trust that a peer that we answered still remembers us as validated; it keeps us for 10 min. */
const VALIDATION_MS = 300_000;
const PROTOCOL_VERSION = 1;

/** Builds and sends PINGs. */
export class Pinger {
  readonly #modules: DiscoveryModules;
  readonly #timetable: Timetable;
  readonly #plain: Extensions;
  readonly #padded: Extensions;

  constructor(settings: DiscoverySettings, modules: DiscoveryModules, timetable: Timetable) {
    this.#modules = modules;
    this.#timetable = timetable;
    const client = settings.mode === 'client';
    const capabilities = { putAck: true, directedDiscovery: false, client, protocolVersion: PROTOCOL_VERSION };
    this.#plain = { capabilities };
    this.#padded = { capabilities, padToBytes: PADDED_PING_BYTES };
  }

  /** Sends a fresh challenge. */
  ping(contact: Contact): void {
    const { clock, random } = this.#modules;
    const challenge = random.bytes(32);
    contact.challenges.add(challenge, clock.monotonic());
    const { usedSpace, capacity } = this.#modules.claims();
    const ping: Ping = { op: 'ping', challenge, usedSpace, capacity, extensions: this.#extensionsFor(contact) };
    this.#modules.send(ping, contact.address);
  }

  /** How many bytes the next PING to this contact has at most. */
  sizeFor(contact: Contact): number {
    return this.#extensionsFor(contact) === this.#padded ? PADDED_PING_BYTES : PLAIN_PING_BYTES + 10;
  }

  #extensionsFor(contact: Contact): Extensions {
    // A Go node does not count bytes; one of ours may, until we have answered it.
    const go = contact.claims.heard && contact.claims.value === undefined;
    const validated = contact.answeredMs !== undefined && this.#timetable.now() - contact.answeredMs < VALIDATION_MS;
    return go || validated ? this.#plain : this.#padded;
  }
}
