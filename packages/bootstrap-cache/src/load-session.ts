import type { AdmissionGate } from './admission.ts';
import { type CacheState, rescore } from './cache-state.ts';
import { endFuture } from './clock-steps.ts';
import { type FileImage, PEERS_PER_SECTION } from './file-format.ts';
import { decodePeer } from './peer-codec.ts';
import { insertRecord } from './peer-record.ts';
import { entriesOf } from './save-session.ts';
import { decodeTombstones } from './tombstones.ts';

/** Fills an empty cache from a file, 256 peers per step; refusals are counted by reason. */
export function* loadPeers(state: CacheState, gate: AdmissionGate, image: FileImage, now: number, refused: Map<string, number>): Generator<void, void, void> {
  const { savedAt } = image.header;
  for (const [id, at] of decodeTombstones(image.tombstones, savedAt, now)) state.tombstones.set(id, at);
  state.table.reserve(Math.min(image.peerSections.length * PEERS_PER_SECTION, state.settings.maxPeers + 1));
  for (const section of image.peerSections) {
    for (const entry of entriesOf(section)) {
      const record = decodePeer(entry, savedAt, state.settings);
      const isDead = typeof record !== 'string' && (state.tombstones.get(record.id) ?? -1) >= record.firstSeenAt;
      const reason = typeof record === 'string' ? record : state.table.slotOf(record.id) === undefined ? undefined : 'twice in one file';
      if (reason !== undefined) refused.set(reason, (refused.get(reason) ?? 0) + 1);
      if (typeof record === 'string' || reason !== undefined || isDead) continue;
      const slot = insertRecord(state, record);
      endFuture(state, slot, now);
      rescore(state, slot, now);
      // A larger cache's file: the best stay, the others remain in the file.
      gate.makeRoom(slot, now);
    }
    yield;
  }
}
