import { expect, test } from 'vitest';
import { createEventLog, tracePeer, type EventLog, type TraceContext, type TraceEventInput } from '../../src/index.ts';
import { GivenTime } from '../given-time.ts';

const peer = tracePeer(new Uint8Array(32).fill(3));
const appId = new TextEncoder().encode('TEST');

/** Each kind by its writer, as a generic event, and as it is read. */
const KINDS: readonly (readonly [(log: EventLog, context: TraceContext) => void, Record<string, unknown>, Record<string, unknown>])[] = [
  [(log, context) => log.connInit(context, peer, '192.0.2.7:127'), { kind: 'connInit', endpoint: '192.0.2.7:127' }, { endpoint: '192.0.2.7:127' }],
  [(log, context) => log.connEstablished(context, peer, 4_294_967_295), { kind: 'connEstablished', rttUs: 4_294_967_295 }, { rttUs: 4_294_967_295 }],
  [(log, context) => log.connClosed(context, peer, 2n ** 64n - 1n), { kind: 'connClosed', code: 2n ** 64n - 1n }, { code: 2n ** 64n - 1n }],
  [(log, context) => log.streamOpened(context, peer, 4), { kind: 'streamOpened', streamId: 4 }, { streamId: 4n }],
  [
    (log, context) => log.streamData(context, peer, 4, Number.MAX_SAFE_INTEGER, 1200, true),
    { kind: 'streamData', streamId: 4, offset: Number.MAX_SAFE_INTEGER, length: 1200, fin: true },
    { streamId: 4n, offset: 2n ** 53n - 1n, length: 1200, fin: true },
  ],
  [(log, context) => log.streamClosed(context, peer, 4, 5n), { kind: 'streamClosed', streamId: 4, code: 5n }, { streamId: 4n, code: 5n }],
  [(log, context) => log.packetSent(context, peer, 1200, 0), { kind: 'packetSent', size: 1200, packetNumber: 0 }, { size: 1200, packetNumber: 0n }],
  [(log, context) => log.packetReceived(context, peer, 0, 2n ** 62n), { kind: 'packetReceived', size: 0, packetNumber: 2n ** 62n }, { size: 0, packetNumber: 2n ** 62n }],
  [(log, context) => log.packetLost(context, peer, 2 ** 32), { kind: 'packetLost', packetNumber: 2 ** 32 }, { packetNumber: 2n ** 32n }],
  [(log, context) => log.appStart(context, peer, appId, 65_535), { kind: 'appStart', appId, command: 65_535 }, { appId: '54455354', command: 65_535, commandName: undefined }],
  [
    (log, context) => log.appCommand(context, peer, appId, 1, Uint8Array.of(1, 2)),
    { kind: 'appCommand', appId, command: 1, payload: Uint8Array.of(1, 2) },
    { appId: '54455354', command: 1, commandName: undefined, data: Uint8Array.of(1, 2) },
  ],
  [(log, context) => log.appEnd(context, peer, appId, 1, true), { kind: 'appEnd', appId, command: 1, ok: true }, { appId: '54455354', command: 1, commandName: undefined, ok: true }],
  [(log, context) => log.custom(context, peer, 1, 2), { kind: 'custom', category: 1, code: 2 }, { category: 1, code: 2, data: new Uint8Array(0) }],
  [(log, context) => log.spanStart(context, peer, 'dial'), { kind: 'spanStart', name: 'dial' }, { nameId: 1, name: 'dial', parentSpanId: 0n }],
  [(log, context) => log.spanEnd(context, peer, 'dial', false), { kind: 'spanEnd', name: 'dial', ok: false }, { nameId: 1, name: 'dial', parentSpanId: 0n, ok: false }],
];

test.each(KINDS)('%#: what is written is read, whichever way it was logged', (write, input, read) => {
  const time = new GivenTime();
  const log = createEventLog({ nodeId: Uint8Array.of(1, 2), clock: time, slots: 64, strict: true });
  const context = log.newTrace();
  write(log, context);
  log.log({ context, peer, ...input } as TraceEventInput);
  log.log({ context, peer, timeUs: 5, ...input } as TraceEventInput);
  const common = {
    kind: input['kind'],
    lane: 0,
    traceId: context.traceIdHex,
    spanId: context.spanId,
    nodeId: '0102'.padEnd(64, '0'),
    peerId: '03'.repeat(32),
    flags: 1,
    truncated: false,
    ...read,
  };
  expect(log.query.trace(context)).toEqual([
    { ...common, timeUs: 5, sequence: 2 },
    { ...common, timeUs: time.timeUs, sequence: 0 },
    { ...common, timeUs: time.timeUs, sequence: 1 },
  ]);
  expect(log.stats).toMatchObject({ written: 3, truncated: 0 });
});

test('an unknown kind records nothing, is counted, and is a mistake where the log is strict', () => {
  const unknown = { kind: 'teleport', context: undefined } as unknown as TraceEventInput;
  const log = createEventLog({ slots: 64 });
  log.log(unknown);
  expect(log.stats).toMatchObject({ written: 0, unknownKinds: 1 });
  expect(() => createEventLog({ slots: 64, strict: true }).log(unknown)).toThrow(new TypeError('Trace event: there is no kind teleport.'));
});

const TOO_MUCH: readonly (readonly [string, (log: EventLog) => void, Record<string, unknown>])[] = [
  ['an endpoint of more than 55 bytes', (log) => log.connInit(undefined, undefined, 'é'.repeat(40)), { endpoint: 'é'.repeat(27) }],
  ['an rtt beyond u32', (log) => log.connEstablished(undefined, undefined, 2 ** 32), { rttUs: 2 ** 32 - 1 }],
  ['a negative rtt', (log) => log.connEstablished(undefined, undefined, -1), { rttUs: 0 }],
  ['an rtt that is no number', (log) => log.connEstablished(undefined, undefined, Number.NaN), { rttUs: 0 }],
  ['a fraction', (log) => log.connEstablished(undefined, undefined, 1.5), { rttUs: 1 }],
  ['a code beyond u64', (log) => log.connClosed(undefined, undefined, 2n ** 64n), { code: 2n ** 64n - 1n }],
  ['a negative code', (log) => log.connClosed(undefined, undefined, -5n), { code: 0n }],
  ['a size beyond u32', (log) => log.packetSent(undefined, undefined, 2 ** 33, 7), { size: 2 ** 32 - 1, packetNumber: 7n }],
  ['a packet number beyond what a number holds exactly', (log) => log.packetSent(undefined, undefined, 5, 2 ** 60), { size: 5, packetNumber: 2n ** 60n }],
  ['a stream length beyond u32', (log) => log.streamData(undefined, undefined, 1, 2, 1e10, false), { streamId: 1n, offset: 2n, length: 2 ** 32 - 1 }],
  ['a command beyond u16', (log) => log.appStart(undefined, undefined, appId, 70_000), { command: 65_535 }],
  ['an application id of another length', (log) => log.appStart(undefined, undefined, Uint8Array.of(1), 7), { appId: '01000000' }],
  ['a payload of more than 42 bytes', (log) => log.appCommand(undefined, undefined, appId, 7, new Uint8Array(43).fill(1)), { data: new Uint8Array(42).fill(1) }],
  ['custom data of more than 44 bytes', (log) => log.custom(undefined, undefined, 1, 2, new Uint8Array(45).fill(1)), { data: new Uint8Array(44).fill(1) }],
  ['a category beyond u16', (log) => log.custom(undefined, undefined, 1e9, 2), { category: 65_535, code: 2 }],
  ['a span name of more than 60 bytes', (log) => log.spanStart(undefined, undefined, 'n'.repeat(61)), { name: 'n'.repeat(60) }],
];

test.each(TOO_MUCH)('%s is cut, flagged and counted, and thrown where the log is strict', (_what, write, read) => {
  const log = createEventLog({ slots: 64 });
  write(log);
  const [event] = log.query.recent(1);
  expect(event).toMatchObject({ truncated: true, ...read });
  expect(log.stats).toMatchObject({ written: 1, truncated: 1 });
  const strict = createEventLog({ slots: 64, strict: true });
  expect(() => write(strict)).toThrow(TypeError);
  expect(strict.stats.written).toBe(0);
});
