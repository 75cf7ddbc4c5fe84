import { toSettings } from '../../core/settings.ts';
import type { RecordStoreOptions } from '../../options.ts';
import { PolicyStore } from '../../store/policy-store.ts';
import { pause, SYSTEM } from '../system.ts';
import { MemoryEngine } from './memory-engine.ts';

/**
 * A record store in memory, for tests, for browsers, and for nodes that start empty.
 *
 * ```ts
 * const store = new MemoryRecordStore({ localId: new Uint8Array(32).fill(1), validators: { default: acceptAny() } });
 * ```
 */
export class MemoryRecordStore extends PolicyStore {
  /** @throws TypeError for options that are none. */
  constructor(options: RecordStoreOptions) {
    const settings = toSettings(options, SYSTEM);
    super({ settings, pause, engine: (report, choose) => new MemoryEngine(settings.caps, report, choose) });
  }
}
