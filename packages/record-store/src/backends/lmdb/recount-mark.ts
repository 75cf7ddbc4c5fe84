import { ROW, rowKey } from './rows.ts';

/** Is there from when a row that could not be read was discarded until everything has been counted anew: over a crash too. */
export const RECOUNT_MARK: Uint8Array = rowKey(ROW.meta, Buffer.from('recount'));

export function isRecountMark(key: Uint8Array): boolean {
  return Buffer.compare(key, RECOUNT_MARK) === 0;
}
