import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameDecoder, WireError } from '../../src/api.ts';

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    return error instanceof WireError ? error.code : String(error);
  }
  return undefined;
};
const good = new Uint8Array(1424).fill(7);

describe('encodeFrame', () => {
  it('refuses what would close the connection', () => {
    expect(codeOf(() => encodeFrame(new Uint8Array(0)))).toBe('WIRE_EMPTY');
    expect(codeOf(() => encodeFrame(new Uint8Array(1425)))).toBe('WIRE_TOO_LONG');
    expect(encodeFrame(good)).toHaveLength(1426);
  });
});

describe('FrameDecoder', () => {
  for (const [name, prefix, code] of [
    ['zero length', [0, 0], 'WIRE_EMPTY'],
    ['1425', [0x91, 0x05], 'WIRE_TOO_LONG'],
    ['65535', [0xff, 0xff], 'WIRE_TOO_LONG'],
  ] as const) {
    it(`delivers the messages before a prefix of ${name}, then fails with ${code} and stays failed`, () => {
      const decoder = new FrameDecoder();
      const chunk = new Uint8Array([...encodeFrame(good), ...encodeFrame(good), ...prefix, ...encodeFrame(good)]);
      const seen: Uint8Array[] = [];
      expect(codeOf(() => collect(decoder, chunk, seen))).toBe(code);
      expect(seen).toStrictEqual([good, good]);
      expect(codeOf(() => decoder.push(encodeFrame(good)))).toBe(code);
      expect(decoder.pendingBytes).toBe(0);
    });

    it(`fails with ${code} where ${name} is cut between two chunks`, () => {
      const decoder = new FrameDecoder();
      expect([...decoder.push(new Uint8Array([prefix[0]]))]).toEqual([]);
      expect(codeOf(() => [...decoder.push(new Uint8Array([prefix[1], 1, 2, 3]))])).toBe(code);
      expect(codeOf(() => decoder.push(new Uint8Array(0)))).toBe(code);
    });
  }

  it('is poisoned even if nobody iterates over the failing chunk', () => {
    const decoder = new FrameDecoder();
    decoder.push(new Uint8Array([0, 0]));
    expect(codeOf(() => decoder.push(encodeFrame(good)))).toBe('WIRE_EMPTY');
  });

  it('takes a chunk in although its messages are not iterated', () => {
    const decoder = new FrameDecoder();
    const frame = encodeFrame(good);
    decoder.push(new Uint8Array([...frame, ...frame.subarray(0, 700)]));
    expect(decoder.pendingBytes).toBe(700);
    expect([...decoder.push(frame.subarray(700))]).toStrictEqual([good]);
  });

  it('owns a message that was cut, so that the next chunk does not overwrite it', () => {
    const decoder = new FrameDecoder();
    const first = encodeFrame(new Uint8Array(100).fill(1));
    const second = encodeFrame(new Uint8Array(100).fill(2));
    decoder.push(first.subarray(0, 50));
    const [message] = [...decoder.push(new Uint8Array([...first.subarray(50), ...second.subarray(0, 60)]))];
    expect([...decoder.push(second.subarray(60))]).toStrictEqual([new Uint8Array(100).fill(2)]);
    expect(message).toStrictEqual(new Uint8Array(100).fill(1));
  });

  it('counts a frame that is cut off at the end of the stream', () => {
    const decoder = new FrameDecoder();
    decoder.push(encodeFrame(good).subarray(0, 1425));
    expect(decoder.pendingBytes).toBe(1425);
  });
});

/** Keeps what was delivered although the iteration throws in the end. */
function collect(decoder: FrameDecoder, chunk: Uint8Array, seen: Uint8Array[]): void {
  for (const message of decoder.push(chunk)) seen.push(message);
}
