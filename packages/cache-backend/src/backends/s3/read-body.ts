import { remoteError } from '../remote/checked-blob.ts';

/** The bytes of an answer's body; fails when none come for so long, or it ends too early. */
export async function* readBody(body: unknown, timeoutMs: number): AsyncGenerator<Uint8Array> {
  if (body === undefined || body === null) return;
  const stream = body as AsyncIterable<Uint8Array> & { destroy?: (error: Error) => void };
  const stall = (): void => stream.destroy?.(new Error(`no bytes came for ${timeoutMs} ms`));
  let timer = setTimeout(stall, timeoutMs);
  try {
    for await (const bytes of stream) {
      clearTimeout(timer);
      yield bytes;
      timer = setTimeout(stall, timeoutMs);
    }
  } catch (error) {
    throw remoteError('the answer broke off', error);
  } finally {
    clearTimeout(timer);
  }
}
