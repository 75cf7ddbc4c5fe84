import { chmod, mkdir, unlink } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import type { DaveNode } from '@p2p/dave-node';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import * as z from 'zod';
import { AppError, codeOf } from '../cli/app-error.ts';
import { toJson } from '../cli/output.ts';
import { datSchema, datToJson, idToHex } from './dat-json.ts';
import { statusOf } from './status.ts';

/** Longest a request may keep the node busy. */
const MAX_TIMEOUT_MS = 120_000;
const MAX_BODY_BYTES = 16 * 1024;

const putBody = z.strictObject({
  dat: datSchema,
  minAcks: z.int().min(0).max(5).optional(),
  timeoutMs: z.int().min(1).max(MAX_TIMEOUT_MS).optional(),
});

const getQuery = z.strictObject({
  mode: z.enum(['first', 'latest']).default('first'),
  timeoutMs: z.coerce.number().int().min(1).max(MAX_TIMEOUT_MS).optional(),
});

/** What travels over the socket where others expect RFC 9457 problems. */
function problem(status: number, code: string, detail: string): Response {
  return new Response(JSON.stringify({ type: 'about:blank', title: code, status, detail, code }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });
}

function failed(error: unknown): Response {
  const code = codeOf(error) ?? 'INTERNAL';
  return problem(code === 'INTERNAL' ? 500 : 422, code, (error as Error).message);
}

function json(value: unknown): Response {
  return new Response(toJson(value), { headers: { 'content-type': 'application/json' } });
}

/** The routes of the control socket; the socket itself is private to its owner. */
export function controlApp(node: DaveNode, startedMs: number): Hono {
  const app = new Hono();
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: () => problem(413, 'APP_USAGE', `a request has at most ${MAX_BODY_BYTES} bytes`) }));
  app.onError(failed);
  app.notFound(() => problem(404, 'APP_USAGE', 'no such route'));
  app.get('/v1/status', () => json(statusOf(node, startedMs)));
  app.get('/v1/dats/:publicKey/:key{.*}', async (context) => {
    const publicKey = context.req.param('publicKey');
    if (!/^[0-9a-f]{64}$/.test(publicKey)) return problem(400, 'APP_USAGE', 'a public key is 64 hex digits');
    const query = getQuery.safeParse(context.req.query());
    if (!query.success) return problem(400, 'APP_USAGE', z.prettifyError(query.error));
    const { mode, timeoutMs } = query.data;
    const result = await node.get(new Uint8Array(Buffer.from(publicKey, 'hex')), context.req.param('key'), {
      mode,
      signal: context.req.raw.signal,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    if (!result.found) return json(result);
    return json({
      found: true,
      dat: datToJson(result.entry.dat),
      replicas: result.entry.replicas.map(idToHex),
      source: typeof result.source === 'bigint' ? idToHex(result.source) : result.source,
      timings: result.timings,
    });
  });
  app.put('/v1/dats', async (context) => {
    const body = putBody.safeParse(await context.req.json().catch(() => undefined));
    if (!body.success) return problem(400, 'APP_USAGE', z.prettifyError(body.error));
    const { dat, minAcks, timeoutMs } = body.data;
    const result = await node.putDat(dat, {
      signal: context.req.raw.signal,
      ...(minAcks === undefined ? {} : { minAcks }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return json({ acks: result.acks, replicas: result.replicas.map((replica) => ({ id: idToHex(replica.id), outcome: replica.outcome })) });
  });
  return app;
}

/** True when somebody answers on the socket. */
function isAlive(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(socketPath);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/**
 * Serves the node to the commands of the same user.
 * @throws AppError APP_DAEMON_RUNNING when another daemon owns the socket
 */
export async function serveControl(node: DaveNode, socketPath: string): Promise<AsyncDisposable> {
  await mkdir(dirname(socketPath), { recursive: true, mode: 0o700 });
  const server = createAdaptorServer({ fetch: controlApp(node, Date.now()).fetch });
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, () => {
        server.off('error', reject);
        resolve();
      });
    });
  // The socket is born without access for others, not narrowed afterwards.
  const umask = process.umask(0o177);
  try {
    await listen().catch(async (error: unknown) => {
      if (codeOf(error) !== 'EADDRINUSE') throw error;
      if (await isAlive(socketPath)) throw new AppError('APP_DAEMON_RUNNING', `a daemon already serves ${socketPath}; use another --data-dir`);
      // A socket file that nobody answers is what a crash left behind.
      await unlink(socketPath);
      await listen();
    });
  } finally {
    process.umask(umask);
  }
  if (process.platform !== 'win32') await chmod(socketPath, 0o600);
  return {
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

/** Where the control socket of a data directory is: a file, or a named pipe on Windows. */
export function controlSocketPath(dataDir: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\dave-${Buffer.from(dataDir).toString('hex').slice(-100)}`;
  return `${dataDir}/dave.sock`;
}
