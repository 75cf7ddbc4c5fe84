export { LmdbRecordStore, type LmdbRecordStoreOptions, type LmdbTaskOptions } from './backends/lmdb/lmdb-record-store.ts';
export { checkFile as checkLmdbFile, salvageFile as salvageLmdbFile, type CheckOptions as LmdbCheckOptions, type LmdbCheck, type Progress as LmdbProgress, type SalvageReport } from './backends/lmdb/salvage.ts';
export { compactFile as compactLmdbFile } from './backends/lmdb/compact.ts';
