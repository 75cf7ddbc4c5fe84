import type { PeerSource } from './types.ts';

/** Codes of sources in columns and files: append only. */
export const SOURCE_CODES: readonly PeerSource[] = ['unknown', 'seed', 'connection', 'relay', 'coordination', 'merge'];
