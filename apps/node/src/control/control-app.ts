import type { BootstrapCache } from '@p2p/bootstrap-cache';
import type { DaveNode, GetOptions, GetResult } from '@p2p/dave-node';
import { TRACE } from '@p2p/trace';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod';
import { json, problem } from './answers.ts';
import { bulkRoutes } from './bulk-routes.ts';
import { NOT_TRACED } from '../trace/not-traced.ts';
import { beginTrace, showTrace } from '../trace/shown-trace.ts';
import { addTraceRoutes } from '../trace/trace-routes.ts';
import { datSchema, datToJson, idToHex } from './dat-json.ts';
import { rememberedPeers } from '../remembered/remembered-peers.ts';
import { placedOf, refusalOf } from './placed.ts';
import { statusOf } from './status.ts';
import type { StoreTasks } from '../store/store-tasks.ts';
import { storeRoutes } from './store-routes.ts';

/** Longest a request may keep the node busy. */
const MAX_TIMEOUT_MS = 120_000;
const MAX_BODY_BYTES = 16 * 1024;

const putBody = z.strictObject({
  dat: datSchema,
  minAcks: z.int().min(0).max(5).optional(),
  timeoutMs: z.int().min(1).max(MAX_TIMEOUT_MS).optional(),
});

const getQuery = z.strictObject({
  key: z.string(),
  mode: z.enum(['first', 'latest']).default('first'),
  timeoutMs: z.coerce.number().int().min(1).max(MAX_TIMEOUT_MS).optional(),
  trace: z.literal('true').optional(),
});

function failed(error: unknown): Response {
  const { code, message, details } = refusalOf(error);
  return code === undefined ? problem(500, 'INTERNAL', message) : problem(422, code, message, details);
}

function foundJson({ entry, source, timings }: Extract<GetResult, { found: true }>): Record<string, unknown> {
  return {
    found: true,
    dat: datToJson(entry.dat),
    replicas: entry.replicas.map(idToHex),
    source: typeof source === 'bigint' ? idToHex(source) : source,
    timings,
  };
}

/** The routes of the control socket; the socket itself is private to its owner. */
export function controlApp(node: DaveNode, memory: Pick<BootstrapCache, 'all'>, startedMs: number, store?: StoreTasks): Hono {
  const app = new Hono();
  let openRequests = 0;
  app.use(async (_context, next) => {
    openRequests += 1;
    await next();
    openRequests -= 1;
  });
  // A backup is read as it comes, however long it is; batches and reads of many dats, too.
  if (store !== undefined) app.route('/v1/store', storeRoutes(store));
  bulkRoutes(app, node);
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: () => problem(413, 'APP_USAGE', `a request has at most ${MAX_BODY_BYTES} bytes`) }));
  app.onError(failed);
  app.notFound(() => problem(404, 'APP_USAGE', 'no such route'));

  app.get('/v1/status', () => json({ ...statusOf(node, startedMs), openRequests }));

  app.get('/v1/remembered-peers', () => json(rememberedPeers(memory)));

  app.get('/v1/dats/:publicKey', async (context) => {
    const publicKey = context.req.param('publicKey');
    if (!/^[0-9a-f]{64}$/.test(publicKey)) return problem(400, 'APP_USAGE', 'a public key is 64 lower-case hex digits');
    const query = getQuery.safeParse(context.req.query());
    if (!query.success) return problem(400, 'APP_USAGE', z.prettifyError(query.error));
    const { key, mode, timeoutMs, trace } = query.data;
    if (!TRACE && trace !== undefined) return problem(501, NOT_TRACED.code, NOT_TRACED.daemon);
    const options: GetOptions = { mode, signal: context.req.raw.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    if (TRACE && trace !== undefined) options.trace = beginTrace(node);
    const result = await node.get(new Uint8Array(Buffer.from(publicKey, 'hex')), key, options);
    const answer: Record<string, unknown> = result.found ? foundJson(result) : { ...result };
    if (TRACE && options.trace !== undefined) answer['trace'] = showTrace(node, options.trace);
    return json(answer);
  });

  app.put('/v1/dats', async (context) => {
    const text = await context.req.text();
    let content: unknown;
    try {
      content = JSON.parse(text);
    } catch (error) {
      return problem(400, 'APP_USAGE', `the body is no JSON: ${(error as Error).message}`);
    }
    const body = putBody.safeParse(content);
    if (!body.success) return problem(400, 'APP_USAGE', z.prettifyError(body.error));
    const { dat, minAcks, timeoutMs } = body.data;
    const result = await node.putDat(dat, {
      signal: context.req.raw.signal,
      ...(minAcks === undefined ? {} : { minAcks }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return json(placedOf(result));
  });

  if (TRACE) addTraceRoutes(app, node);
  else app.get('/v1/traces/*', () => problem(501, NOT_TRACED.code, NOT_TRACED.daemon));
  return app;
}
