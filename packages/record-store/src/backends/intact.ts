import { RecordStoreError } from '../errors.ts';

/** What `decode` reads, or undefined where the row is damaged. Other errors pass. */
export function intact<T>(decode: () => T, onDamaged?: (error: RecordStoreError) => void): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof RecordStoreError) || error.code !== 'RECORD_STORE_CORRUPT') throw error;
    onDamaged?.(error);
    return undefined;
  }
}
