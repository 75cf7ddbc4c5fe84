import { generateKeyPair } from '@p2p/dave-wire';
import { describe, expect, test } from 'vitest';
import { DaveNode } from '../../src/index.ts';
import { parseOptions, type DaveNodeOptions } from '../../src/options.ts';

const { privateKey } = generateKeyPair();
const parsed = (options: Record<string, unknown>): ReturnType<typeof parseOptions> => parseOptions({ privateKey, ...options });

test('every default is filled in, and the constants are those of the protocol', () => {
  expect(parsed({})).toEqual({
    privateKey,
    listen: '[::]:4127',
    edges: [],
    mode: 'peer',
    shardCapacityBytes: 1_048_576,
    ttlMs: 31_536_000_000,
    minWork: 8,
    skewMs: 0,
    verifyThreads: undefined,
    limits: { maxPeers: 2048, maxConnectionsPerIp: 16, maxConnections: 256, maxPendingVerifications: 4096, maxOutstandingGets: 4096, exemptLoopback: true },
    intervals: { pingMs: 1000, activateAfter: 5, deactivateAfter: 3, dropAfter: 12, getMyAddrMs: 600_000, replicateMs: 600_000, replicationStaggerMs: 2000, sweepMs: 60_000 },
  });
});

test('an option that is undefined is one that was not given', () => {
  expect(parsed({ listen: undefined, limits: { maxPeers: undefined }, verifyThreads: undefined })).toEqual(parsed({}));
});

test('of the parts of the outside world only the methods are looked at', () => {
  const methods = (...names: string[]): Record<string, unknown> => Object.fromEntries([...names, 'more'].map((name) => [name, (): void => {}]));
  const outside = {
    transport: methods('bind', 'resolve'),
    clock: methods('now', 'monotonic', 'setTimer'),
    random: methods('bytes', 'float'),
    verifier: methods('verify', 'close'),
    logger: methods('debug', 'info', 'warn', 'error'),
    records: methods('get', 'putMany', 'remove', 'records'),
    peerHints: methods('pick', 'outcome'),
    signal: AbortSignal.abort(),
  };
  expect(parsed(outside)).toEqual(parsed({}));
});

describe('what is wrong is named', () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['a key of another length', { privateKey: new Uint8Array(31) }, /privateKey: must be a 32-byte Uint8Array \(an ed25519 seed\), not 31 bytes$/],
    ['a key in hex, which is not repeated', { privateKey: 'ab'.repeat(32) }, /privateKey: must be a 32-byte .*, not text$/],
    ['no key', { privateKey: undefined }, /privateKey: must be a 32-byte .*, not undefined$/],
    ['an unknown option', { edge: 'a:1' }, /edge: there is no such option$/],
    ['an unknown limit', { limits: { peers: 1 } }, /limits\.peers: there is no such option$/],
    ['an unknown mode', { mode: 'server' }, /mode: must be 'peer' or 'client', not "server"$/],
    ['a number as text', { minWork: '8' }, /minWork: must be of type number, not "8"$/],
    ['no whole number', { limits: { maxPeers: 1.5 } }, /limits\.maxPeers: must be a whole number, not 1\.5$/],
    ['NaN', { ttlMs: Number.NaN }, /ttlMs: must be of type number, not NaN$/],
    ['less than there is', { shardCapacityBytes: -1 }, /shardCapacityBytes: must be at least 0, not -1$/],
    ['a limit of none', { limits: { maxConnections: 0 } }, /limits\.maxConnections: must be at least 1, not 0$/],
    ['an interval that no timer carries', { intervals: { replicateMs: 2 ** 31 } }, /intervals\.replicateMs: must be at most 2147483647, not 2147483648$/],
    ['edges that are one text', { edges: 'a:1' }, /edges: must be of type array, not "a:1"$/],
    ['an edge that is none', { edges: ['a:1', 7] }, /edges\.1: must be of type string, not 7$/],
    ['an empty address', { listen: '' }, /listen: must be at least 1 characters, not ""$/],
    ['limits that are a number', { limits: 1 }, /limits: must be of type object, not 1$/],
    ['a logger that cannot warn', { logger: { debug() {}, info() {}, error() {} } }, /logger: must be an object with the methods debug, info, warn, error; warn is missing$/],
    ['a clock of nothing', { clock: {} }, /clock: .*; now, monotonic, setTimer are missing$/],
    ['records that are none', { records: null }, /records: .* are missing$/],
    ['peers dropped before they are inactive', { intervals: { deactivateAfter: 12 } }, /intervals\.dropAfter \(12\) must be greater than intervals\.deactivateAfter \(12\)/],
  ])('%s', (_what, options, message) => {
    expect(() => parsed(options)).toThrow(expect.objectContaining({ code: 'NODE_BAD_OPTION', message: expect.stringMatching(message) }));
  });

  test('everything that is wrong at once', () => {
    expect(() => parsed({ mode: 'x', minWork: -1 })).toThrow(/mode: .*; minWork: must be at least 0, not -1/);
  });

  test.each([undefined, null, 'key'])('no options at all: %s', (options) => {
    expect(() => parseOptions(options as never)).toThrow(expect.objectContaining({ code: 'NODE_BAD_OPTION' }));
  });

  test('open rejects before it binds anything', async () => {
    let bound = 0;
    const transport: DaveNodeOptions['transport'] = {
      bind: () => {
        bound += 1;
        return Promise.reject(new Error('bound'));
      },
      resolve: () => Promise.resolve([]),
    };
    await expect(DaveNode.open({ privateKey: new Uint8Array(1), transport })).rejects.toMatchObject({ code: 'NODE_BAD_OPTION' });
    expect(bound).toBe(0);
  });
});
