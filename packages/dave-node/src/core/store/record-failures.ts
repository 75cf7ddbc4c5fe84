/** The record store says that one record's bytes are not what it wrote. */
export function isCorrupt(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'RECORD_STORE_CORRUPT';
}

/** Why the record store failed, in its own words: log lines show no causes. */
export function causeOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : String(error);
}
