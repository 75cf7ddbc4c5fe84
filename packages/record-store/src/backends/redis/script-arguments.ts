import type { EngineReport } from '../../core/engine.ts';
import type { Caps } from '../../limits.ts';

/** What the scripts for puts and adds answer: their own, what was evicted, and remote records, bytes and provided keys. */
export type ScriptAnswer<Own> = [own: Own, evicted: [why: unknown, key: unknown, provider: unknown][], usage: [unknown, unknown, unknown]];

/** Lua reads no `Infinity`. */
const NO_CAP = '1e300';

/** The arguments that both scripts start with. */
export function capArguments(now: number, { remote, local, origin }: Caps): string[] {
  const caps = [remote.records, remote.bytes, remote.providedKeys, remote.providersPerKey, local.records, local.bytes, origin.records, origin.bytes, origin.providers];
  return [String(now), ...caps.map((cap) => (cap === Number.POSITIVE_INFINITY ? NO_CAP : String(cap)))];
}

/** Hands on what happened beside the write. */
export function reportChanges(report: EngineReport, evicted: ScriptAnswer<unknown>[1], [records, bytes, providedKeys]: ScriptAnswer<unknown>[2]): void {
  for (const [why, key, provider] of evicted) {
    const id = toBytes(provider);
    report.evicted(toBytes(key), id.length === 0 ? undefined : id, toText(why) as 'expired' | 'replaced');
  }
  report.grew({ records: Number(records), bytes: Number(bytes), providedKeys: Number(providedKeys), providers: 0 });
}

/** A bulk string, whatever the client made of it. */
export function toBytes(reply: unknown): Uint8Array {
  if (reply instanceof Uint8Array) return reply;
  throw new TypeError(`the Redis client must answer bulk strings with bytes, got ${typeof reply}`);
}

export function toText(reply: unknown): string {
  return typeof reply === 'string' ? reply : new TextDecoder().decode(toBytes(reply));
}
