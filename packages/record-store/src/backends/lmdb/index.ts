export { LmdbRecordStore, type LmdbRecordStoreOptions, type LmdbTaskOptions } from './lmdb-record-store.ts';
export { checkOwnFile as checkLmdbFile, salvageOwnFile as salvageLmdbFile } from './owned-file.ts';
export { type CheckOptions as LmdbCheckOptions, type LmdbCheck, type Progress as LmdbProgress, type SalvageReport } from './salvage.ts';
export { compactFile as compactLmdbFile } from './compact.ts';
