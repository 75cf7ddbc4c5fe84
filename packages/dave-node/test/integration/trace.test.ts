import { createDat, formatAddrPort, generateKeyPair, messageSize } from '@p2p/dave-wire';
import { createEventLog, TRACE, TraceQuery, type EventLog, type TraceEvent } from '@p2p/trace';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DaveNode, type NodeIntervals } from '../../src/index.ts';

/** So that a machine that stands still for a second loses no peer. */
const intervals = { pingMs: 400, activateAfter: 1 };

interface Traced {
  node: DaveNode;
  log: EventLog;
  hex: string;
}

/** A client and two peers that share nothing but the network: each has a log of its own. */
const traced: Traced[] = [];

async function openTraced(mode: 'peer' | 'client', others: readonly Traced[], pace: Partial<NodeIntervals> = intervals): Promise<Traced> {
  const { privateKey, publicKey } = generateKeyPair();
  const log = createEventLog({ nodeId: publicKey, index: true, strict: true });
  const edges = others.map(({ node }) => formatAddrPort(node.listenAddress));
  const node = await DaveNode.open({ privateKey, listen: '127.0.0.1:0', edges, intervals: pace, mode, verifyThreads: 0, traceLog: log });
  return { node, log, hex: Buffer.from(publicKey).toString('hex') };
}

beforeAll(async () => {
  const second = await openTraced('peer', []);
  const third = await openTraced('peer', [second]);
  const client = await openTraced('client', [second, third]);
  traced.push(client, second, third);
  await client.node.waitForActivePeers(2);
  await second.node.waitForActivePeers(1);
});

afterAll(async () => {
  for (const { node } of traced) await node.close();
});

type SpanEvent = Extract<TraceEvent, { kind: 'spanStart' }>;

/** All that the three logs have of a trace. Both sides of a request end their spans at their own pace. */
async function settled(traceId: string, spans: number): Promise<TraceEvent[]> {
  const all = (): TraceEvent[] => traced.flatMap(({ log }) => log.query.trace(traceId));
  await expect.poll(() => all().filter(({ kind }) => kind === 'spanEnd').length).toBe(spans);
  return all();
}

if (TRACE) describe('a put and a get across three nodes', () => {
  test('have one trace id on all of them, and spans with the right parents', async () => {
    const [client, second, third] = traced as [Traced, Traced, Traced];
    const root = client.log.newTrace();
    const { acks } = await client.node.put('greeting', new TextEncoder().encode('hello'), { minAcks: 2, trace: root });
    expect(acks).toBe(2);
    const found = await client.node.get(client.node.publicKey, 'greeting', { mode: 'latest', trace: root });
    expect(found.found).toBe(true);
    // put, sign-and-prove, 2 × (deliver, serve-put, verify), get, 2 × (ask, serve-get, verify)
    const events = await settled(root.traceIdHex, 15);

    for (const { hex } of [client, second, third]) expect(events.some(({ nodeId }) => nodeId === hex)).toBe(true);
    const spans = events.filter((event): event is SpanEvent => event.kind === 'spanStart');
    const named = (name: string): SpanEvent[] => spans.filter((span) => span.name === name);
    const parentOf = (span: SpanEvent): SpanEvent | undefined => spans.find(({ spanId }) => spanId === span.parentSpanId);
    expect(spans.map(({ name }) => name).toSorted()).toEqual(
      ['put', 'sign-and-prove', 'deliver', 'deliver', 'serve-put', 'serve-put', 'verify', 'verify', 'get', 'ask', 'ask', 'serve-get', 'serve-get', 'verify', 'verify'].toSorted(),
    );
    for (const name of ['put', 'get']) expect(named(name).map(({ parentSpanId, nodeId }) => ({ parentSpanId, nodeId }))).toEqual([{ parentSpanId: root.spanId, nodeId: client.hex }]);
    for (const [name, parent] of [['deliver', 'put'], ['ask', 'get'], ['serve-put', 'deliver'], ['serve-get', 'ask']] as const) {
      for (const span of named(name)) expect(parentOf(span)?.name).toBe(parent);
    }
    expect(named('serve-put').map(({ nodeId }) => nodeId).toSorted()).toEqual([second.hex, third.hex].toSorted());
    expect(new Set(named('deliver').map(({ peerId }) => peerId))).toEqual(new Set([second.hex, third.hex]));
    // What it verifies belongs to what it serves, on the same node.
    expect(named('verify').map((span) => `${parentOf(span)?.name} ${parentOf(span)?.nodeId === span.nodeId}`).toSorted()).toEqual(['get true', 'get true', 'serve-put true', 'serve-put true']);

    // Each request left one node under the span that sent it, and came to another under the span that serves it.
    const packets = (nodeId: string, kind: 'packetSent' | 'packetReceived', name: string): number =>
      events.filter((event) => event.nodeId === nodeId && event.kind === kind && named(name).some(({ spanId }) => spanId === event.spanId)).length;
    expect(packets(client.hex, 'packetSent', 'deliver')).toBeGreaterThanOrEqual(2);
    expect(packets(client.hex, 'packetReceived', 'deliver')).toBeGreaterThanOrEqual(2);
    for (const { hex } of [second, third]) {
      expect(packets(hex, 'packetReceived', 'serve-put')).toBeGreaterThanOrEqual(1);
      expect(packets(hex, 'packetSent', 'serve-put')).toBeGreaterThanOrEqual(1);
      expect(packets(hex, 'packetSent', 'serve-get')).toBeGreaterThanOrEqual(1);
    }
    for (const { log } of traced) expect(log.stats.truncated).toBe(0);
  });

  test('are a waterfall in a Chrome trace: each node a process, each span within its parent', async () => {
    const [client] = traced as [Traced, Traced, Traced];
    const root = client.log.newTrace();
    await client.node.put('again', Uint8Array.of(1), { minAcks: 2, trace: root });
    const events = await settled(root.traceIdHex, 8);
    const { traceEvents } = JSON.parse(new TraceQuery(events).exportChrome()) as { traceEvents: { ph: string; name: string; pid: number; ts: number; dur?: number }[] };
    const slices = traceEvents.filter(({ ph }) => ph === 'X' || ph === 'b' || ph === 'B');
    expect(new Set(slices.map(({ pid }) => pid)).size).toBe(3);
    for (const name of ['put', 'deliver', 'serve-put', 'verify']) expect(slices.map((slice) => slice.name)).toContain(name);
  });

  test('without a parent begin traces of their own, as application requests with author and key', async () => {
    const [client] = traced as [Traced, Traced, Traced];
    await client.node.put('own', Uint8Array.of(1), { minAcks: 1 });
    await client.node.get(client.node.publicKey, 'nowhere', { timeoutMs: 2000 });
    const commands = client.log.query.where({ kinds: ['appCommand'], limit: 2 });
    expect(new Set(commands.map(({ traceId }) => traceId)).size).toBe(2);
    expect(commands.map((event) => event.kind === 'appCommand' && client.log.apps.get(Uint8Array.from(Buffer.from(event.appId, 'hex')))?.describeCommand(event.command))).toEqual(['PUT', 'GET']);
    for (const event of commands) expect(event.flags & 4).toBe(4);
  });

  test('a batch is one trace, and its writes reach the replicas in it', async () => {
    const [client, second] = traced as [Traced, Traced, Traced];
    const author = generateKeyPair();
    const root = client.log.newTrace();
    const batch = client.node.batchWriter(author.publicKey, { trace: root });
    const dats = await Promise.all([1, 2, 3].map((n) => createDat({ privateKey: author.privateKey, key: `dat ${n}`, value: Uint8Array.of(n) })));
    await Promise.all(dats.map((dat) => batch.write(dat)));
    expect(await batch.close()).toMatchObject({ written: 3, acked: 3, failed: 0 });
    await expect.poll(() => second.log.query.where({ traceId: root.traceIdHex, name: 'serve-put', kinds: ['spanEnd'] }).length).toBe(3);
    const names = client.log.query.trace(root.traceIdHex).flatMap((event) => (event.kind === 'spanEnd' ? [`${event.name} ${event.ok}`] : []));
    expect(names.filter((name) => name === 'write true')).toHaveLength(3);
    expect(names.at(-1)).toBe('batch true');
  });

  test('peers that come are connections', async () => {
    const [client, second] = traced as [Traced, Traced, Traced];
    const kinds = client.log.query.peer(second.hex).map(({ kind }) => kind);
    expect(kinds).toContain('connEstablished');
    expect(client.log.query.where({ kinds: ['connInit'] }).map((event) => event.kind === 'connInit' && event.endpoint)).toContain(formatAddrPort(second.node.listenAddress));
    expect(client.log.query.analyzeConnection(second.hex)).toMatchObject({ abnormalCloses: 0 });
  });

  test('a repair is a trace of its own, which the node that lacked the dat has a part in', async () => {
    const repairing = { ...intervals, replicateMs: 600, replicationStaggerMs: 10 };
    const open = async (others: readonly Traced[]): Promise<Traced> => await openTraced('peer', others, repairing);
    const holder = await open([]);
    try {
      await holder.node.put('lonely', Uint8Array.of(1), { minAcks: 1 });
      const newcomer = await open([holder]);
      try {
        await expect.poll(() => newcomer.node.localEntry(holder.node.publicKey, 'lonely')).toBeDefined();
        const repairs = (): TraceEvent[] => holder.log.query.where({ kinds: ['spanEnd'], name: 'repair' });
        await expect.poll(() => repairs().length).toBeGreaterThan(0);
        const [{ traceId } = { traceId: undefined }] = repairs();
        const names = (log: EventLog): string[] => log.query.trace(traceId ?? '').flatMap((event) => (event.kind === 'spanStart' ? [event.name] : []));
        expect(names(holder.log)).toEqual(['repair', 'ask', 'deliver']);
        expect(names(newcomer.log)).toEqual(['serve-get', 'serve-put', 'verify']);
      } finally {
        await newcomer.node.close();
      }
    } finally {
      await holder.node.close();
    }
  });

  test('a trace that is not sampled is on no wire and in no log', async () => {
    const [client] = traced as [Traced, Traced, Traced];
    const silent = createEventLog({ sampleRate: 0 });
    const root = silent.newTrace();
    const before = traced.map(({ log }) => log.query.where({ kinds: ['spanStart'] }).length);
    const { dat } = await client.node.put('unsampled', Uint8Array.of(1), { minAcks: 2, trace: root });
    // It came as it would have come without tracing, and belongs to no trace there.
    const size = messageSize({ op: 'put', entry: { dat, replicas: [] }, extensions: { requestId: 1n } });
    for (const { log } of traced.slice(1)) {
      expect(log.query.where((event) => event.kind === 'packetReceived' && event.size === size && event.traceId === undefined)).toHaveLength(1);
    }
    expect(traced.map(({ log }) => log.query.where({ kinds: ['spanStart'] }).length)).toEqual(before);
  });
});

if (!TRACE) describe('without tracing', () => {
  test('the same options are taken, and nothing is recorded', async () => {
    const [client] = traced as [Traced, Traced, Traced];
    const root = client.log.newTrace();
    expect(await client.node.put('greeting', Uint8Array.of(1), { minAcks: 2, trace: root })).toMatchObject({ acks: 2 });
    expect(await client.node.get(client.node.publicKey, 'greeting', { mode: 'latest', trace: root })).toMatchObject({ found: true });
    for (const { log } of traced) expect(log.query.recent(1)).toEqual([]);
  });
});
