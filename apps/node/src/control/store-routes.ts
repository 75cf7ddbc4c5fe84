import { Hono } from 'hono';
import { stream } from 'hono/streaming';
import type { Context } from 'hono';
import { codeOf } from '../cli/app-error.ts';
import { toJson } from '../cli/output.ts';
import type { StoreTasks, TaskOptions, TaskProgress } from '../store/store-tasks.ts';

/** Progress is said this often. */
const PROGRESS_MS = 200;

/** What can be done with the store of a running node. Tasks answer in lines of JSON: progress, then the result or the problem. */
export function storeRoutes(tasks: StoreTasks): Hono {
  const app = new Hono();
  app.get('/', async (context) => new Response(toJson(await tasks.stats(context.req.raw.signal)), { headers: { 'content-type': 'application/json' } }));
  app.post('/verify', (context) => task(context, (options) => tasks.verify({ ...options, deep: context.req.query('deep') === 'true', salvage: context.req.query('salvage') === 'true' })));
  app.post('/compact', (context) => task(context, (options) => tasks.compact(options)));
  app.post('/restore', (context) => task(context, (options) => tasks.restore(bodyOf(context), options)));
  app.get('/backup', (context) => {
    const chunks = tasks.backup({ onProgress: () => undefined, onLeftOut: () => undefined, signal: context.req.raw.signal });
    // When it fails in the middle the connection breaks off: that is how a reader learns that what it has is not all.
    return new Response(ReadableStream.from(chunks), { headers: { 'content-type': 'application/octet-stream' } });
  });
  return app;
}

function task(context: Context, work: (options: TaskOptions) => Promise<unknown>): Response {
  context.header('content-type', 'application/x-ndjson');
  const gone = new AbortController();
  const signal = AbortSignal.any([context.req.raw.signal, gone.signal]);
  return stream(context, async (out) => {
    out.onAbort(() => gone.abort(new Error('whoever asked went away')));
    let saidMs = 0;
    const onProgress = (progress: TaskProgress): void => {
      const nowMs = performance.now();
      if (nowMs - saidMs < PROGRESS_MS) return;
      saidMs = nowMs;
      void out.write(`${toJson({ progress })}\n`);
    };
    try {
      await out.write(`${toJson({ result: await work({ onProgress, signal }) })}\n`);
    } catch (error) {
      await out.write(`${toJson({ problem: { code: codeOf(error) ?? null, detail: (error as Error).message } })}\n`);
    }
  });
}

async function* bodyOf(context: Context): AsyncGenerator<Uint8Array, void, undefined> {
  const { body } = context.req.raw;
  if (body !== null) for await (const chunk of body) yield chunk as Uint8Array;
}
