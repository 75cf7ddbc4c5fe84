import type { DaveNode } from '@p2p/dave-node';
import { decodeDat, encodeFrame, FrameDecoder } from '@p2p/dave-wire';
import type { Context, Hono } from 'hono';
import * as z from 'zod';
import { codeOf } from '../cli/app-error.ts';
import { nodeReader, nodeWriter } from '../client/node-bulk.ts';
import { problem } from './answers.ts';
import { encodeFailure, encodeRead, encodeWritten } from './bulk-frames.ts';

/** Questions of one request that are worked on at once; the rest is not read from the socket until then. */
const MAX_UNDERWAY = 2048;
const READ_TIMEOUT_MS = 5000;
const MAX_READ_TIMEOUT_MS = 3_600_000;

const readQuery = z.strictObject({ timeoutMs: z.coerce.number().int().min(1).max(MAX_READ_TIMEOUT_MS).default(READ_TIMEOUT_MS) });

/**
 * Many dats in one request, for `publish` and `fetch`: each frame of the request's body is answered by a frame
 * of the response's, while more of either follow. Their bodies have no bound, so they come before the
 * bound of the other routes.
 */
export function bulkRoutes(app: Hono, node: DaveNode): void {
  app.post('/v1/bulk/write/:publicKey{[0-9a-f]{64}}', (context) => {
    const { signal } = context.req.raw;
    const writer = nodeWriter(node, publicKeyOf(context), { signal, trusted: false });
    return exchange(context, async (frame, index) => encodeWritten(index, await writer.write(decodeDat(frame))), writer);
  });
  app.post('/v1/bulk/read/:publicKey{[0-9a-f]{64}}', (context) => {
    const { signal } = context.req.raw;
    const query = readQuery.safeParse(context.req.query());
    if (!query.success) return problem(400, 'APP_USAGE', z.prettifyError(query.error));
    const reader = nodeReader(node, publicKeyOf(context), { signal, timeoutMs: query.data.timeoutMs });
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return exchange(context, async (frame, index) => encodeRead(index, await reader.read(text.decode(frame))), reader);
  });
}

function publicKeyOf(context: Context): Uint8Array {
  return new Uint8Array(Buffer.from(context.req.param('publicKey') ?? '', 'hex'));
}

/** Answers each frame of the body by one; what goes wrong with one frame concerns that frame alone, but nothing can be made out after bytes that are no frame. */
function exchange(context: Context, answer: (frame: Uint8Array, index: number) => Promise<Uint8Array>, session: AsyncDisposable): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, new CountQueuingStrategy({ highWaterMark: MAX_UNDERWAY }));
  const out = writable.getWriter();
  const underway = new Set<Promise<void>>();
  const one = async (frame: Uint8Array, index: number): Promise<void> => {
    const reply = await answer(frame, index).catch((error: unknown) => encodeFailure(index, { code: codeOf(error) ?? 'INTERNAL', message: (error as Error).message }));
    await out.write(encodeFrame(reply));
  };
  const run = async (): Promise<void> => {
    await using ended = session;
    void ended;
    const decoder = new FrameDecoder();
    let index = 0;
    for await (const chunk of context.req.raw.body ?? []) {
      for (const frame of framesIn(decoder, chunk)) {
        if (frame instanceof Error) {
          await Promise.all(underway);
          await out.write(encodeFrame(encodeFailure(index, { code: codeOf(frame) ?? 'APP_USAGE', message: frame.message })));
          return;
        }
        const work: Promise<void> = one(frame.slice(), index++).finally(() => underway.delete(work));
        // Whoever reads has gone away: the loop ends by that, too.
        work.catch(() => undefined);
        underway.add(work);
        if (underway.size >= MAX_UNDERWAY) await Promise.race(underway);
      }
    }
    await Promise.all(underway);
  };
  void run().then(
    () => out.close(),
    (error: unknown) => out.abort(error),
  ).catch(() => undefined);
  return new Response(readable, { headers: { 'content-type': 'application/octet-stream' } });
}

/** The frames that a piece of the body completes; last, what is wrong with it. */
function* framesIn(decoder: FrameDecoder, chunk: Uint8Array): Generator<Uint8Array | Error, void, undefined> {
  try {
    yield* decoder.push(chunk);
  } catch (error) {
    yield error as Error;
  }
}
