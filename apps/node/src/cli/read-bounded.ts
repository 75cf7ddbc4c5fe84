import { constants, createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from './app-error.ts';

/** Time between two tries to release a read that waits for a pipe's writer. */
const RELEASE_MS = 10;

/**
 * All of a file, or of standard input for `-`. Devices and pipes have no size to look at, so never
 * more than one byte above the bound is taken from it.
 * @throws AppError APP_USAGE; `signal.reason`
 */
export async function readBounded(file: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  signal.throwIfAborted();
  const name = file === '-' ? 'standard input' : file;
  const stream = file === '-' ? process.stdin : createReadStream(file, { end: maxBytes });
  const chunks: Buffer[] = [];
  let length = 0;
  const stop = (): void => {
    stream.destroy(signal.reason as Error);
    if (file !== '-') void releasePipe(file, () => stream.closed);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) throw new AppError('APP_USAGE', `${name} has more than ${maxBytes} bytes, which is more than fits`);
    }
  } catch (error) {
    if (error instanceof AppError || signal.aborted) throw error;
    throw new AppError('APP_USAGE', `cannot read ${name}: ${(error as Error).message}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return new Uint8Array(Buffer.concat(chunks, length));
}

/**
 * Opening a pipe waits in the kernel, on a thread that even `process.exit` waits for, until somebody opens
 * its other end: so that is done here. Opening without waiting fails as long as nobody reads, and harms no file.
 */
async function releasePipe(file: string, isClosed: () => boolean): Promise<void> {
  while (!isClosed()) {
    const handle = await open(file, constants.O_WRONLY | (constants.O_NONBLOCK ?? 0)).catch(() => undefined);
    await handle?.close();
    if (!isClosed()) await pause(RELEASE_MS);
  }
}
