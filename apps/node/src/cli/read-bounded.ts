import { createReadStream } from 'node:fs';
import { AppError } from './app-error.ts';

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
