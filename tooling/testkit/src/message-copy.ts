/** A copy of plain objects, arrays, bytes and primitives that shares no memory with the original. */
export function copyDeep<T>(value: T): T {
  return copyAny(value) as T;
}

function copyAny(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  // structuredClone would copy the whole buffer behind a small view.
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (Array.isArray(value)) return value.map(copyAny);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, copyAny(field)]));
}

/** Fills all bytes reachable from `value` with 0xdb, as a receive buffer that is used again would. */
export function overwriteBytes(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Uint8Array) {
    value.fill(0xdb);
    return;
  }
  for (const field of Object.values(value)) overwriteBytes(field);
}
