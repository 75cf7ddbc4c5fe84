import { equalBytes } from '../core/bytes.ts';
import { toHex } from '../core/hex.ts';

/** What a case throws when a store does not behave. */
export class ConformanceFailure extends Error {
  override readonly name = 'ConformanceFailure';
}

/** @throws ConformanceFailure unless `condition` holds. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ConformanceFailure(message);
}

/** Compares plain data with bytes in it. */
export function equal(actual: unknown, expected: unknown, message: string): void {
  if (!same(actual, expected)) throw new ConformanceFailure(`${message}: expected ${show(expected)}, got ${show(actual)}`);
}

/** Expects `work` to reject with an error of this code, or of this class where it has none. */
export async function rejects(work: () => Promise<unknown>, expected: { code?: string; is?: new (...args: never[]) => Error; reason?: unknown }, message: string): Promise<void> {
  let result: unknown;
  try {
    result = await work();
  } catch (error) {
    if (expected.reason !== undefined) check(error === expected.reason, `${message}: expected the signal's own reason, got ${String(error)}`);
    if (expected.is !== undefined) check(error instanceof expected.is, `${message}: expected a ${expected.is.name}, got ${String(error)}`);
    if (expected.code !== undefined) equal((error as { code?: unknown }).code, expected.code, `${message}: code of ${String(error)}`);
    return;
  }
  throw new ConformanceFailure(`${message}: it resolved with ${show(result)}`);
}

function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (one instanceof Uint8Array || other instanceof Uint8Array) return one instanceof Uint8Array && other instanceof Uint8Array && equalBytes(one, other);
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  for (const key of keys) if (!same((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key])) return false;
  return true;
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) => (item instanceof Uint8Array ? `<${toHex(item.subarray(0, 16))}${item.length > 16 ? `… ${item.length} bytes` : ''}>` : item)) ?? 'undefined';
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
