/** TypeError unless a timer can keep it: what is no number would never be due, and upset the order of those that are. */
export function assertTimeout(timeoutMs: number): void {
  if (!(timeoutMs >= 0 && timeoutMs < Infinity)) throw new TypeError(`timeoutMs is ${timeoutMs}: pass milliseconds, 0 or more and finite`);
}
