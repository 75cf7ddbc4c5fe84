import { describe, expect, it } from 'vitest';
import { fuzzPackets } from '../fuzz/fuzz-packets.ts';
import { fuzzStream } from '../fuzz/fuzz-stream.ts';

/* The long form with any seed: node scripts/fuzz.ts --packets 1000000 --stream-mb 100 --seed n */
const SEED = 20_260_801;

describe('fuzzing', () => {
  it('50 000 packets give a message that survives encoding, or a code', () => {
    const tally = fuzzPackets(50_000, SEED);
    // Each outcome occurs often, else the fuzzer would not be looking where it should.
    const outcomes = ['ping', 'pong', 'put', 'put-ack', 'get', 'get-ack', 'get-my-addr-port', 'get-my-addr-port-ack'];
    const codes = ['WIRE_EMPTY', 'WIRE_TRUNCATED', 'WIRE_UNKNOWN_OP', 'WIRE_BAD_LENGTH', 'WIRE_TOO_LONG', 'WIRE_BAD_VALUE', 'WIRE_NOT_UTF8'];
    for (const outcome of [...outcomes, ...codes]) expect([outcome, tally.get(outcome) ?? 0]).toEqual([outcome, expect.toSatisfy((count: number) => count >= 50)]);
    expect([...tally.values()].reduce((sum, count) => sum + count)).toBe(50_000);
  });

  it('5 MB of TCP stream come apart as reading each stream at once says', () => {
    const tally = fuzzStream(5_000_000, SEED);
    expect(tally.errors).toBeGreaterThan(10);
    expect(tally.cutOff).toBeGreaterThan(10);
    expect(tally.messages).toBeGreaterThan(3000);
    expect(tally.frames).toBeGreaterThan(tally.messages);
  });
});
