import * as z from 'zod/mini';

/** What a key's file in the index says. */
export interface Pointer {
  readonly key: string;
  readonly description: string;
  /** Name of the tree's container: its digest, or digest and instance. */
  readonly tree: string;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly sharedBytes: number;
  readonly files: number;
  readonly cachedAtMs: number;
  readonly expiresAtMs?: number | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** Names of trees: SHA-256 in hex, with a number when a damaged one is still in use under the plain name. */
export const TREE_NAME: RegExp = /^[0-9a-f]{64}(?:-[1-9])?$/;
/** Longest file of the index: a key of 64 KiB, escaped, and the rest. */
export const MAX_POINTER_BYTES: number = 512 * 1024;
const MAGIC = 'p2p-cache-pointer 1 ';
const count = z.int().check(z.minimum(0));
const schema = z.object({
  key: z.string().check(z.minLength(1)),
  description: z.string(),
  tree: z.string().check(z.regex(TREE_NAME)),
  sizeBytes: count,
  allocatedBytes: count,
  sharedBytes: count,
  files: count,
  cachedAtMs: z.int(),
  expiresAtMs: z.optional(z.int()),
  tags: z.optional(z.array(z.string()).check(z.maxLength(64))),
});

/** A pointer as text: a line with the digest of what follows, then JSON. `digest` is SHA-256 in hex. */
export function formatPointer(pointer: Pointer, digest: (text: string) => string): string {
  const body = JSON.stringify(pointer);
  return `${MAGIC}${digest(body)}\n${body}\n`;
}

/** The pointer in a text, or undefined for anything that `formatPointer` did not make. */
export function parsePointer(text: string, digest: (text: string) => string): Pointer | undefined {
  const end = text.indexOf('\n');
  if (!text.startsWith(MAGIC) || end !== MAGIC.length + 64 || !text.endsWith('\n')) return undefined;
  const body = text.slice(end + 1, -1);
  if (digest(body) !== text.slice(MAGIC.length, end)) return undefined;
  try {
    const result = z.safeParse(schema, JSON.parse(body));
    return result.success ? result.data : undefined;
  } catch {
    // The digest fits and the JSON does not: written by something else.
    return undefined;
  }
}
