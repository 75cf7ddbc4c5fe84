import type { AppProtocol } from '@p2p/trace-noop';

/** Bytes of a chunk's hash, and of a stored chunk's size behind it. */
const HASH_BYTES = 32;
const SIZE_BYTES = 4;
const STORE_CHUNK = 1;
const GET_CHUNK = 2;
const DELETE_CHUNK = 3;

/** The data map of the tracing specification: chunks are stored, got and deleted by their hashes. */
export const dataMapProtocol: AppProtocol = {
  appId: new TextEncoder().encode('DMAP'),
  writeTraceData(command, payload, target) {
    if (command === STORE_CHUNK) target.set(payload.subarray(0, HASH_BYTES + SIZE_BYTES));
    if (command === GET_CHUNK || command === DELETE_CHUNK) target.set(payload.subarray(0, HASH_BYTES));
  },
  describeCommand(command) {
    return { [STORE_CHUNK]: 'STORE_CHUNK', [GET_CHUNK]: 'GET_CHUNK', [DELETE_CHUNK]: 'DELETE_CHUNK' }[command] ?? 'UNKNOWN';
  },
};
