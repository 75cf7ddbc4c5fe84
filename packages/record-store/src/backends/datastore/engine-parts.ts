import type { Datastore } from 'interface-datastore';
import type { Chooser } from '../../core/admit.ts';
import type { EngineReport } from '../../core/engine.ts';
import type { RecordStoreError } from '../../errors.ts';
import type { Caps } from '../../limits.ts';
import type { TracedWork } from '../../trace/traced-work.ts';
import type { StoreCapabilities } from '../../types.ts';
import type { RowKeys } from './row-keys.ts';

/** What a datastore engine is built from. */
export interface DatastoreEngineParts {
  readonly datastore: Datastore;
  readonly keys: RowKeys;
  readonly capabilities: StoreCapabilities;
  readonly caps: Caps;
  readonly localId: Uint8Array;
  /** Nothing lives longer but what is local and never expires; Infinity: no limit. */
  readonly maxTtlMs: number;
  readonly report: EngineReport;
  readonly choose: Chooser;
  /** Told of every damaged row that is met. */
  readonly onDamaged: (error: RecordStoreError, key: Uint8Array) => void;
  trace?: TracedWork | undefined;
}
