import { describe, expect, it } from 'vitest';
import { createDat, encodeMessage, generateKeyPair, leadingZeroBits, MAX_PACKET, unbindValue, verifyDat, type CreateDatOptions } from '../../src/api.ts';
import { setWorkHost, workHost } from '../../src/work-host.ts';

const NOW = 1_800_000_000_000;
const value = Uint8Array.of(1, 2, 3);

function options(more: Partial<CreateDatOptions> = {}): CreateDatOptions {
  return { privateKey: generateKeyPair().privateKey, key: 'key', value, now: NOW, ...more };
}

describe('time', () => {
  it('is two seconds behind the clock, and grows by at least 1 ms for each dat of an author', async () => {
    const { privateKey } = generateKeyPair();
    const times: number[] = [];
    for (const now of [NOW, NOW, NOW - 60_000, NOW + 1, NOW + 5000]) times.push((await createDat(options({ privateKey, now }))).time);
    expect(times).toEqual([NOW - 2000, NOW - 1999, NOW - 1998, NOW - 1997, NOW + 3000]);
  });

  it('grows also when dats are made at once', async () => {
    const { privateKey } = generateKeyPair();
    const dats = await Promise.all([1, 2, 3].map(() => createDat(options({ privateKey }))));
    expect(dats.map((dat) => dat.time - NOW)).toEqual([-2000, -1999, -1998]);
  });

  it('stays a second behind the clock however fast an author signs, and grows for each key', async () => {
    const { privateKey } = generateKeyPair();
    const timeOf = async (key: string, now: number): Promise<number> => (await createDat(options({ privateKey, key, now }))).time - NOW;
    await createDat(options({ privateKey, time: NOW - 1003 }));
    for (const after of [-1002, -1001, -1000]) expect(await timeOf(`key ${after}`, NOW)).toBe(after);
    expect(await timeOf('another', NOW)).toBe(-1000);
    expect(await timeOf('one more', NOW)).toBe(-1000);
    expect(await timeOf('another', NOW)).toBe(-999);
    expect(await timeOf('one more', NOW)).toBe(-999);
    expect(await timeOf('third', NOW - 500)).toBe(-999);
    expect(await timeOf('third', NOW + 1)).toBe(-998);
    expect(await timeOf('third', NOW + 900)).toBe(-997);
    // Keys of one time are remembered within a bound, beyond which the time grows.
    const shared = new Map<number, number>();
    for (let index = 0; index < 70; index += 1) {
      const time = await timeOf(`crowd ${index}`, NOW);
      shared.set(time, (shared.get(time) ?? 0) + 1);
    }
    expect(Math.max(...shared.values())).toBeLessThanOrEqual(64);
  });

  it('is independent between authors', async () => {
    expect((await createDat(options())).time).toBe(NOW - 2000);
    expect((await createDat(options())).time).toBe(NOW - 2000);
  });

  it('is taken as given, and a later default comes after it', async () => {
    const { privateKey } = generateKeyPair();
    expect((await createDat(options({ privateKey, time: NOW + 9 }))).time).toBe(NOW + 9);
    expect((await createDat(options({ privateKey, time: 0 }))).time).toBe(0);
    expect((await createDat(options({ privateKey }))).time).toBe(NOW + 10);
  });

  it('is an integer whatever the clock says', async () => {
    expect((await createDat(options({ now: NOW + 0.75 }))).time).toBe(NOW - 2000);
    expect((await createDat(options({ now: 1000 }))).time).toBe(0);
  });

  it('follows the runtime\'s clock by default', async () => {
    const before = Date.now();
    const { now: _, ...rest } = options();
    const dat = await createDat(rest);
    expect(dat.time).toBeGreaterThanOrEqual(before - 2000);
    expect(dat.time).toBeLessThanOrEqual(Date.now() - 2000);
  });
});

describe('difficulty', () => {
  it.each([8, 9, 13])('%d bits are proven', async (difficulty) => {
    const dat = await createDat(options({ difficulty }));
    expect(leadingZeroBits(dat.work)).toBeGreaterThanOrEqual(difficulty);
    expect(await verifyDat(dat, { now: NOW, minWork: difficulty })).toEqual({ valid: true });
  });
});

describe('what is refused before any work', () => {
  const refused: [string, Partial<CreateDatOptions>, string, RegExp][] = [
    ['a key of 256 bytes', { key: 'k'.repeat(256) }, 'WIRE_TOO_LONG', /at most 255/],
    ['a key of 85 three-byte characters and one more', { key: `${'€'.repeat(85)}k` }, 'WIRE_TOO_LONG', /at most 255/],
    ['key and value of 1225 bytes', { key: 'abc', value: new Uint8Array(1222) }, 'WIRE_TOO_LONG', /3 \+ 1222 = 1225: shorten the value by 1\./],
    ['1224 bytes and a bound key', { key: 'abc', value: new Uint8Array(1221), bindKey: true }, 'WIRE_TOO_LONG', /3 \+ 1221 \+ 5 of bindKey = 1229: shorten the value by 5\./],
    ['a lone surrogate', { key: 'a\ud800' }, 'WIRE_NOT_UTF8', /lone surrogate/],
    ['a private key of 64 bytes', { privateKey: new Uint8Array(64) }, 'WIRE_BAD_LENGTH', /readGodaveKey/],
    ['a private key of 31 bytes', { privateKey: new Uint8Array(31) }, 'WIRE_BAD_LENGTH', /31 bytes/],
    ['7 bits', { difficulty: 7 }, 'WIRE_BAD_VALUE', /from 8/],
    ['257 bits', { difficulty: 257 }, 'WIRE_BAD_VALUE', /to 256/],
    ['8.5 bits', { difficulty: 8.5 }, 'WIRE_BAD_VALUE', /integer/],
    ['a negative time', { time: -1 }, 'WIRE_BAD_VALUE', /Unix ms/],
    ['a fractional time', { time: 0.5 }, 'WIRE_BAD_VALUE', /Unix ms/],
    ['a time above 2^53 - 1', { time: 2 ** 53 }, 'WIRE_BAD_VALUE', /Unix ms/],
  ];

  it.each(refused)('%s', async (_, more, code, message) => {
    await expect(createDat(options(more))).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('a value that is no Uint8Array', async () => {
    await expect(createDat(options({ value: 'text' as unknown as Uint8Array }))).rejects.toThrow(TypeError);
  });
});

it('accepts exactly 1224 bytes, which fill a packet', async () => {
  const dat = await createDat(options({ key: 'k'.repeat(255), value: new Uint8Array(969) }));
  expect(encodeMessage({ op: 'put', entry: { dat, replicas: [1n, 2n, 3n, 4n, 5n] } })).toHaveLength(MAX_PACKET);
  const bound = await createDat(options({ key: 'k'.repeat(255), value: new Uint8Array(964), bindKey: true }));
  expect(encodeMessage({ op: 'put', entry: { dat: bound, replicas: [] } })).toHaveLength(MAX_PACKET);
  expect(unbindValue(bound)).toEqual({ valid: true, bound: true, value: new Uint8Array(964) });
});

it('shares no memory with the caller', async () => {
  const mine = value.slice();
  const { privateKey, publicKey } = generateKeyPair();
  const dat = await createDat(options({ privateKey, value: mine }));
  mine.fill(9);
  dat.publicKey.fill(0);
  expect(dat.value).toEqual(value);
  expect((await createDat(options({ privateKey }))).publicKey).toEqual(publicKey);
});

describe('aborting', () => {
  it('before the start rejects with the reason and searches nothing', async () => {
    const reason = new Error('no longer wanted');
    const host = workHost();
    let started = 0;
    setWorkHost({ ...host, local: { ...host.local, run: async (lease) => ((started += 1), host.local.run(lease)) } });
    try {
      await expect(createDat(options({ difficulty: 200 }), { signal: AbortSignal.abort(reason), threads: 1 })).rejects.toBe(reason);
    } finally {
      setWorkHost(host);
    }
    expect(started).toBe(0);
  });

  it('during a search that would never end rejects with the reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const host = workHost();
    setWorkHost({
      ...host,
      local: {
        ...host.local,
        run: async (lease) => {
          controller.abort(reason);
          return host.local.run({ ...lease, count: 1 });
        },
      },
    });
    try {
      await expect(createDat(options({ difficulty: 200 }), { signal: controller.signal, threads: 1 })).rejects.toBe(reason);
    } finally {
      setWorkHost(host);
    }
  });
});

it('hands progress on to the caller, and ends with what the listener throws', async () => {
  const reason = new Error('seen enough');
  const host = workHost();
  setWorkHost({ ...host, local: { ...host.local, run: () => Promise.resolve({ found: -1, elapsedMs: 1 }) } });
  try {
    const onProgress = (progress: { readonly hashes: number }): void => {
      if (progress.hashes > 2 ** 22) throw reason;
    };
    await expect(createDat(options({ difficulty: 40 }), { threads: 1, onProgress })).rejects.toBe(reason);
  } finally {
    setWorkHost(host);
  }
});
