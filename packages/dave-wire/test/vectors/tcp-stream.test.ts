import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeFrame, encodeMessage, FrameDecoder } from '../../src/api.ts';
import { fromHex, toHex, vectors } from './vector-files.ts';

const { frames, stream } = vectors('tcp-stream.json') as { frames: string[]; stream: string };

describe('tcp-stream.json', () => {
  it('is what encodeFrame writes', () => {
    expect(frames.map((frame) => toHex(encodeFrame(fromHex(frame)))).join('')).toBe(stream);
  });

  it('holds messages that encode to the same frames again', () => {
    for (const frame of frames) expect(toHex(encodeMessage(decodeMessage(fromHex(frame))))).toBe(frame);
  });

  for (const size of [1, 2, 3, 7, 201, 1024, 100_000]) {
    it(`comes apart in chunks of ${size}`, () => {
      const decoder = new FrameDecoder();
      const bytes = fromHex(stream);
      const decoded: string[] = [];
      for (let offset = 0; offset < bytes.length; offset += size) {
        for (const message of decoder.push(bytes.subarray(offset, offset + size))) decoded.push(toHex(message));
      }
      expect(decoded).toEqual(frames);
      expect(decoder.pendingBytes).toBe(0);
    });
  }
});
