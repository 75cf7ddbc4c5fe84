// A store with a bug that only a crash shows: it acknowledges a put before it is written.
import type { RecordStore } from '@p2p/record-store';
import { open as openSound } from './level-crash-module.ts';

export async function open(directory: string): Promise<RecordStore> {
  const store = await openSound(directory);
  const put = store.put.bind(store);
  store.put = async (record) => {
    setImmediate(() => void put(record).catch(() => {}));
    return { outcome: 'inserted' };
  };
  return store;
}
