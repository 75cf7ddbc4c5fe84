export { LmdbRecordStore, type LmdbRecordStoreOptions, type LmdbTaskOptions } from './lmdb-record-store.ts';
export { checkFile as checkLmdbFile, salvageFile as salvageLmdbFile, type CheckOptions as LmdbCheckOptions, type LmdbCheck, type Progress as LmdbProgress, type SalvageReport } from './salvage.ts';
export { compactFile as compactLmdbFile } from './compact.ts';
