import { describe, expect, test } from 'vitest';
import { createEventLog, tracePeer } from '../../src/index.ts';
import { GivenTime } from '../given-time.ts';

describe('the index', () => {
  test('never gives another trace’s or peer’s events, nor any that were overwritten, over many laps', () => {
    const log = createEventLog({ slots: 256, index: true });
    const contexts = Array.from({ length: 40 }, () => log.newTrace());
    const peers = Array.from({ length: 10 }, (_, at) => tracePeer(new Uint8Array(32).fill(at + 1)));
    let written = 0;
    for (let lap = 0; lap < 20; lap += 1) {
      for (let n = 0; n < 77; n += 1, written += 1) log.packetLost(contexts[(written * 7) % 40], peers[written % 10], written);
      for (const [at, context] of contexts.entries()) {
        const expected = Array.from({ length: Math.min(written, 256) }, (_, back) => written - 1 - back)
          .filter((n) => (n * 7) % 40 === at)
          .reverse();
        const found = log.query.trace(context);
        expect(found.every(({ traceId }) => traceId === context.traceIdHex)).toBe(true);
        expect(found.map((event) => Number((event as { packetNumber: bigint }).packetNumber))).toEqual(expected);
      }
      for (const [at, peer] of peers.entries()) {
        const found = log.query.peer(peer);
        expect(found.every(({ peerId }) => peerId === String(at + 1).padStart(2, '0').replace('10', '0a').repeat(32))).toBe(true);
        expect(found.length).toBe(Array.from({ length: Math.min(written, 256) }, (_, back) => written - 1 - back).filter((n) => n % 10 === at).length);
      }
    }
  });

  test('traces that fall into one bucket are told apart', () => {
    const log = createEventLog({ slots: 64, index: true });
    // 64 buckets for 64 traces: some share one.
    const contexts = Array.from({ length: 64 }, () => log.newTrace());
    for (const [n, context] of contexts.entries()) log.packetLost(context, undefined, n);
    for (const [n, context] of contexts.entries()) expect(log.query.trace(context)).toEqual([expect.objectContaining({ packetNumber: BigInt(n) })]);
  });

  test('the Bloom filter denies no live trace, and is wrong for 1 % of absent ones at most with 1000 live traces', () => {
    const log = createEventLog({ slots: 16_384, index: true });
    const live = Array.from({ length: 1000 }, () => log.newTrace());
    const absent = Array.from({ length: 20_000 }, () => log.newTrace());
    // Two laps and a half: both generations are full.
    for (let n = 0; n < 41_000; n += 1) log.packetLost(live[n % 1000], undefined, n);
    expect(live.filter((context) => !log.query.mayHave(context))).toEqual([]);
    expect(absent.filter((context) => log.query.mayHave(context)).length / absent.length).toBeLessThan(0.01);
  });

  test('forgets a trace within two laps', () => {
    const log = createEventLog({ slots: 64, index: true });
    const old = log.newTrace();
    log.packetLost(old, undefined, 1);
    expect(log.query.mayHave(old)).toBe(true);
    for (let n = 0; n < 128; n += 1) log.packetLost(log.newTrace(), undefined, n);
    expect(log.query.mayHave(old)).toBe(false);
  });

  test('without it the answers are the same', () => {
    const time = new GivenTime();
    const logs = [true, false].map((index) => createEventLog({ slots: 256, index, clock: time }));
    const contexts = Array.from({ length: 9 }, () => logs[0]!.newTrace());
    for (let n = 0; n < 700; n += 1) {
      time.advance(3);
      for (const log of logs) log.packetLost(contexts[n % 9], undefined, n);
    }
    for (const context of contexts) expect(logs[0]!.query.trace(context)).toEqual(logs[1]!.query.trace(context));
    expect(logs[0]!.query.timeRange(time.timeUs - 300, time.timeUs - 100)).toEqual(logs[1]!.query.timeRange(time.timeUs - 300, time.timeUs - 100));
  });
});

describe('when the clock is set', () => {
  test.each([true, false])('a time range is found whole, and events stay chronological (index: %s)', (index) => {
    const time = new GivenTime(1_000_000);
    const log = createEventLog({ slots: 2048, index, clock: time });
    const written: { n: number; timeUs: number }[] = [];
    // Forward, back by a minute, forward by a day, and laps enough to overwrite parts of blocks.
    for (let n = 0; n < 5000; n += 1) {
      time.advance(10);
      if (n % 1000 === 500) time.advance(-60_000_000);
      if (n % 1000 === 900) time.advance(86_400_000_000);
      log.packetLost(undefined, undefined, n);
      written.push({ n, timeUs: time.timeUs });
    }
    const live = written.slice(-2048);
    for (const { timeUs } of [live[0]!, live[100]!, live[1000]!, live[2047]!]) {
      const found = log.query.timeRange(timeUs - 500, timeUs + 500);
      const expected = live.filter((event) => event.timeUs >= timeUs - 500 && event.timeUs <= timeUs + 500);
      expect(found.map((event) => event.timeUs)).toEqual(expected.map((event) => event.timeUs).sort((a, b) => a - b));
      expect(found.map((event) => Number((event as { packetNumber: bigint }).packetNumber)).sort((a, b) => a - b)).toEqual(expected.map(({ n }) => n));
    }
    const times = log.query.where({}).map(({ timeUs }) => timeUs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.length).toBe(2048);
  });
});
