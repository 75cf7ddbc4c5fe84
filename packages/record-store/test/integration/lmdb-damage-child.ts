import { acceptAny } from '@p2p/record-store';
import { LmdbRecordStore } from '@p2p/record-store/lmdb';

/** Opens the file, reads all of it and writes to it, each time that it is told to, and says how that went. */
const [, , path = ''] = process.argv;

async function look(keep: boolean, salvage: boolean): Promise<string> {
  let store: LmdbRecordStore;
  try {
    store = await LmdbRecordStore.open({ path, localId: new Uint8Array(32).fill(9), validators: { default: acceptAny() }, limits: { maxRecords: 'unlimited' }, maxTtlMs: 'unlimited', damaged: salvage ? 'salvage' : 'refuse' });
  } catch (error) {
    return (error as { code?: string }).code ?? `opening: ${(error as Error).message}`;
  }
  try {
    for (let number = 0; number < 700; number++) {
      const record = await store.get(new TextEncoder().encode(`key ${number}`)).catch((error: { code?: string }) => {
        if (error.code !== 'RECORD_STORE_CORRUPT') throw error;
        return undefined;
      });
      if (record?.value.some((byte) => byte !== (number & 0xff)) === true) return `key ${number} has another value`;
    }
    for await (const record of store.records()) if (record.value.some((byte) => byte !== record.value[0])) return 'a scan found another value';
    for (let number = 0; number < 20; number++) await store.put({ key: new TextEncoder().encode(`key ${number * 30}`), value: new Uint8Array(500).fill((number * 30) & 0xff) });
    return 'served';
  } catch (error) {
    return (error as { code?: string }).code === 'RECORD_STORE_CORRUPT' ? 'served' : `${String((error as { code?: string }).code)} ${(error as Error).message}`;
  } finally {
    if (!keep) await store.close();
  }
}

process.on('message', ({ explain, keep, salvage }: { explain?: boolean; keep?: boolean; salvage?: boolean }) => {
  void look(keep === true, salvage === true).then((outcome) => process.send!(explain !== true && outcome === 'RECORD_STORE_CORRUPT' ? 'refused' : outcome));
});
