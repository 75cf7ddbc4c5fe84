import { describe, expect, test, vi } from 'vitest';
import { AppRegistry, createEventLog, readDump, type AppCommandEvent, type AppProtocol } from '../../src/index.ts';
import { dataMapProtocol } from '../data-map-protocol.ts';

const hash = Uint8Array.from({ length: 32 }, (_, at) => at + 1);
const store = Uint8Array.of(...hash, 1, 2, 3, 4, 99, 99);

function logWith(protocol: AppProtocol, options: Parameters<typeof createEventLog>[0] = {}): ReturnType<typeof createEventLog> {
  const log = createEventLog({ slots: 64, ...options });
  log.apps.register(protocol);
  return log;
}

describe('the data-map protocol', () => {
  test('records what is worth keeping of a payload, and names its commands', () => {
    const log = logWith(dataMapProtocol);
    const { appId } = dataMapProtocol;
    log.appStart(undefined, undefined, appId, 1);
    for (const command of [1, 2, 3, 9]) log.appCommand(undefined, undefined, appId, command, store);
    log.appEnd(undefined, undefined, appId, 1, false);
    const events = log.query.where({ appId });
    expect(log.query.where({ appId: Buffer.from(appId).toString('hex').toUpperCase() })).toEqual(events);
    expect(() => log.query.where({ appId: 'data-map' })).toThrow(TypeError);
    expect(() => log.query.where({ appId: appId.subarray(1) })).toThrow(TypeError);
    expect(events.map((event) => (event as AppCommandEvent).commandName)).toEqual(['STORE_CHUNK', 'STORE_CHUNK', 'GET_CHUNK', 'DELETE_CHUNK', 'UNKNOWN', 'STORE_CHUNK']);
    const dataOf = (command: number): Uint8Array => (log.query.where({ appId, command, kinds: ['appCommand'] })[0] as AppCommandEvent).data;
    expect(dataOf(1)).toEqual(Uint8Array.of(...hash, 1, 2, 3, 4, ...new Uint8Array(6)));
    expect(dataOf(2)).toEqual(Uint8Array.of(...hash, ...new Uint8Array(10)));
    expect(dataOf(3)).toEqual(dataOf(2));
    expect(dataOf(9)).toEqual(new Uint8Array(42));
    expect(log.stats.truncated).toBe(0);
  });

  test('a payload that is too short does not throw', () => {
    const log = logWith(dataMapProtocol, { strict: true });
    for (let length = 0; length < 40; length += 1) log.appCommand(undefined, undefined, dataMapProtocol.appId, 1, store.subarray(0, length));
    expect(log.stats).toMatchObject({ written: 40, truncated: 0 });
  });
});

describe('protocols', () => {
  const appId = Uint8Array.of(0, 0, 0, 1);
  const protocol = (part: Partial<AppProtocol>): AppProtocol => ({ appId, writeTraceData: () => undefined, describeCommand: () => 'X', ...part });

  test('a second protocol under the same id is refused; the same one again is not', () => {
    const apps = new AppRegistry();
    const first = protocol({});
    expect(apps.register(first)).toBe(true);
    expect(apps.register(first)).toBe(true);
    expect(apps.register(protocol({}))).toBe(false);
    expect(apps.get(appId)).toBe(first);
    expect(apps.get(Uint8Array.of(0, 0, 0, 2))).toBeUndefined();
    expect(apps.get(new Uint8Array(3))).toBeUndefined();
    expect(() => apps.register(protocol({ appId: new Uint8Array(5) }))).toThrow(TypeError);
  });

  test('shouldTrace decides by command, and appTracing for all', () => {
    const log = logWith(protocol({ shouldTrace: (command) => command !== 4 }));
    for (const command of [3, 4]) {
      log.appStart(undefined, undefined, appId, command);
      log.appCommand(undefined, undefined, appId, command, new Uint8Array(0));
      log.appEnd(undefined, undefined, appId, command, true);
    }
    expect(log.query.where({ command: 3 }).length).toBe(3);
    expect(log.query.where({ command: 4 })).toEqual([]);
    const off = logWith(protocol({}), { appTracing: false });
    off.appStart(undefined, undefined, appId, 3);
    expect(off.stats.written).toBe(0);
  });

  test('what a protocol throws is its own: the event is kept and flagged, and thrown on where the log is strict', () => {
    const failing = protocol({
      writeTraceData: () => {
        throw new Error('mine');
      },
    });
    const log = logWith(failing);
    log.appCommand(undefined, undefined, appId, 1, new Uint8Array(1));
    expect(log.query.recent(1)).toEqual([expect.objectContaining({ kind: 'appCommand', truncated: true })]);
    expect(() => logWith(failing, { strict: true }).appCommand(undefined, undefined, appId, 1, new Uint8Array(1))).toThrow('mine');
    const undecided = protocol({ shouldTrace: vi.fn<() => boolean>().mockImplementation(() => { throw new Error('mine'); }) });
    const other = logWith(undecided);
    other.appStart(undefined, undefined, appId, 1);
    expect(other.stats).toMatchObject({ written: 1, truncated: 1 });
  });

  test.each<[string, AppProtocol['describeCommand']]>([
    ['that throws', () => { throw new Error('mine'); }],
    ['that is no text', () => 5 as unknown as string],
  ])('a description %s leaves the name out, and hides no event', (_what, describeCommand) => {
    const log = logWith(protocol({ describeCommand }), { strict: true });
    log.appStart(undefined, undefined, appId, 1);
    log.packetLost(undefined, undefined, 1);
    expect(log.query.recent(2)).toEqual([expect.objectContaining({ kind: 'appStart', command: 1, commandName: undefined }), expect.objectContaining({ kind: 'packetLost' })]);
    expect(readDump(log.query.exportDump())).toEqual({ events: log.query.recent(2), damage: [] });
  });

  test('a description that asks the same log leaves the event it is asked about as it is', () => {
    const log = createEventLog({ slots: 64 });
    log.apps.register(protocol({ describeCommand: () => `${log.query.where({ kinds: ['packetLost'] }).length} lost` }));
    log.packetLost(undefined, undefined, 1);
    log.appCommand(undefined, undefined, appId, 1, Uint8Array.of(7));
    log.appEnd(undefined, undefined, appId, 1, true);
    log.packetLost(undefined, undefined, 1);
    expect(log.query.where({ appId })).toEqual([expect.objectContaining({ kind: 'appCommand', data: expect.objectContaining({ length: 42 }) as unknown }), expect.objectContaining({ kind: 'appEnd', ok: true })]);
  });

  test('a protocol sees 42 zero bytes each time', () => {
    const seen: Uint8Array[] = [];
    const log = logWith(
      protocol({
        writeTraceData: (_command, _payload, target) => {
          seen.push(target.slice());
          target.fill(7);
        },
      }),
    );
    for (let n = 0; n < 2; n += 1) log.appCommand(undefined, undefined, appId, 1, new Uint8Array(1));
    expect(seen).toEqual([new Uint8Array(42), new Uint8Array(42)]);
  });
});
