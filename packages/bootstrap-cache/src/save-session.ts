import type { AdmissionGate } from './admission.ts';
import { type CacheState, removePeer, rescore } from './cache-state.ts';
import { endFuture } from './clock-steps.ts';
import { decodeSection, encodeSection, type FileImage, PEERS_PER_SECTION } from './file-format.ts';
import { mergeRecord } from './merge-record.ts';
import { decodePeer, encodePeer } from './peer-codec.ts';
import { insertRecord, type PeerRecord, recordOf } from './peer-record.ts';
import { decodeTombstones, trimTombstones } from './tombstones.ts';
import { UnsavedChanges } from './unsaved.ts';

let visits = 0;

/**
 * One save: takes over what the file on disk has, adds this process's changes and yields the new
 * file's peer sections. Each step handles at most 256 peers, so a caller can let other work run in
 * between; what changes meanwhile is kept for the next save. Without a file on disk it yields memory alone.
 */
export class SaveSession {
  /** Peers and removals that came from other processes. */
  readonly merged: { added: number; removed: number } = { added: 0, removed: 0 };
  /** Entries of the file that were refused, by reason. */
  readonly refused: Map<string, number> = new Map();
  readonly unsaved: UnsavedChanges;
  /** Peers in the new file so far. */
  peers = 0;
  /** Peers of the file that this cache has no room for and passes on. */
  heldForOthers = 0;
  readonly #state: CacheState;
  readonly #gate: AdmissionGate;
  readonly #now: number;
  readonly #maxPeers: number;
  readonly #visit: number = (visits = (visits % 0xffff_fffe) + 1);
  readonly #pending: unknown[] = [];

  constructor(state: CacheState, gate: AdmissionGate, now: number, maxPeers: number) {
    this.#state = state;
    this.#gate = gate;
    this.#now = now;
    this.#maxPeers = maxPeers;
    this.unsaved = new UnsavedChanges(state);
  }

  *sections(image: FileImage | undefined): Generator<Uint8Array | undefined, void, void> {
    this.#state.isDirty = false;
    if (image !== undefined) {
      this.#applyTombstones(image);
      const held: PeerRecord[] = [];
      for (const section of image.peerSections) {
        this.#absorb(section, image.header.savedAt, held);
        yield this.#flush();
      }
      // Peers that our smaller cache has no room for still belong to the processes that share the file.
      const room = this.#maxPeers - this.#state.table.size;
      const passedOn = held.slice(0, Math.max(0, room));
      this.heldForOthers = passedOn.length;
      for (const record of passedOn) this.#pending.push(encodePeer(record, this.#now));
      while (this.#pending.length > 0) yield this.#flush(true);
    }
    trimTombstones(this.#state.tombstones, this.#now);
    // Backwards: a removal during a pause moves an already written row down, never an unwritten one up.
    for (let slot = this.#state.table.size - 1; slot >= 0; slot--) {
      if (slot >= this.#state.table.size) slot = this.#state.table.size - 1;
      if (slot < 0) break;
      if (this.#state.table.columns.visit[slot] !== this.#visit) this.#write(slot);
      if (this.#pending.length >= PEERS_PER_SECTION) yield this.#flush();
    }
    while (this.#pending.length > 0) yield this.#flush(true);
  }

  #applyTombstones(image: FileImage): void {
    const { table, tombstones } = this.#state;
    for (const [id, at] of decodeTombstones(image.tombstones, image.header.savedAt, this.#now)) {
      if ((tombstones.get(id) ?? 0) < at) tombstones.set(id, at);
      const slot = table.slotOf(id);
      if (slot === undefined || table.columns.firstSeenAt[slot]! > at) continue;
      removePeer(this.#state, slot);
      this.merged.removed += 1;
    }
  }

  #absorb(section: Uint8Array, savedAt: number, held: PeerRecord[]): void {
    for (const entry of entriesOf(section)) {
      const record = decodePeer(entry, savedAt, this.#state.settings);
      if (typeof record === 'string') {
        this.refused.set(record, (this.refused.get(record) ?? 0) + 1);
        continue;
      }
      // Removed here or elsewhere after this copy of it was first seen.
      if ((this.#state.tombstones.get(record.id) ?? -1) >= record.firstSeenAt) continue;
      const slot = this.#state.table.slotOf(record.id);
      if (slot === undefined) this.#adopt(record, held);
      else if (this.#state.table.columns.visit[slot] !== this.#visit) {
        mergeRecord(this.#state, slot, record, this.#now);
        this.#write(slot);
      }
    }
  }

  #adopt(record: PeerRecord, held: PeerRecord[]): void {
    const state = this.#state;
    const slot = insertRecord(state, record);
    endFuture(state, slot, this.#now);
    rescore(state, slot, this.#now);
    if (this.#gate.makeRoom(slot, this.#now) === undefined) this.merged.added += 1;
    else held.push(record);
  }

  #write(slot: number): void {
    this.#state.table.columns.visit[slot] = this.#visit;
    this.#pending.push(encodePeer(recordOf(this.#state, slot), this.#now));
    this.unsaved.take(slot);
  }

  #flush(all: boolean = false): Uint8Array | undefined {
    if (this.#pending.length === 0 || (!all && this.#pending.length < PEERS_PER_SECTION)) return undefined;
    const entries = this.#pending.splice(0, PEERS_PER_SECTION);
    this.peers += entries.length;
    return encodeSection(entries);
  }
}

/** The entries of a section whose bytes the checksum vouches for; a section that still is no list counts as one bad entry. */
export function entriesOf(section: Uint8Array): unknown[] {
  try {
    const value = decodeSection(section);
    return Array.isArray(value) ? (value as unknown[]) : [undefined];
  } catch {
    // The entry `undefined` is refused, counted and reported by whoever decodes it.
    return [undefined];
  }
}
