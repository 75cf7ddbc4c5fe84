import * as z from 'zod/mini';

/** Who works in a cache directory: enough to tell a dead owner from a living one. */
export interface OwnerRecord {
  /** Also the name of its directories. */
  readonly id: string;
  readonly pid: number;
  /** One boot of one kernel. */
  readonly machine: string;
  /** Pids mean the same only within one of these. */
  readonly pidSpace: string;
  /** Tells apart two processes that had the same pid; empty where the system does not say. */
  readonly startedAt: string;
}

/** What names owners' directories and files. */
export const OWNER_ID: RegExp = /^[0-9]{1,10}-[0-9a-f]{16}$/;
const short = z.string().check(z.maxLength(256));
const schema = z.object({
  id: z.string().check(z.regex(OWNER_ID)),
  pid: z.int().check(z.minimum(1), z.maximum(2 ** 31)),
  machine: short,
  pidSpace: short,
  startedAt: short,
});

/** The owner in a file; undefined for one that is half written or foreign. */
export function parseOwner(text: string): OwnerRecord | undefined {
  try {
    const result = z.safeParse(schema, JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    // Not JSON: nobody can be made out.
    return undefined;
  }
}
