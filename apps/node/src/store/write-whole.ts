import { open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../cli/app-error.ts';

/** Writes a file that is there as a whole or not at all, readable by its owner alone, and synced. Resolves with its bytes. @throws AppError APP_FILE_FAILED; what `chunks` throws */
export async function writeWhole(file: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const draft = `${file}.${process.pid}.part`;
  const handle = await failing(file, () => open(draft, 'wx', 0o600));
  let bytes = 0;
  try {
    try {
      for await (const chunk of chunks) {
        await failing(file, () => handle.writeFile(chunk));
        bytes += chunk.length;
      }
      await failing(file, () => handle.sync());
    } finally {
      await handle.close();
    }
    await failing(file, () => rename(draft, file));
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(file));
  return bytes;
}

async function failing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new AppError('APP_FILE_FAILED', `cannot write ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** Not everywhere can a directory be opened; the name is then as durable as the file system makes it. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } catch {
    // As above.
  } finally {
    await handle?.close();
  }
}
