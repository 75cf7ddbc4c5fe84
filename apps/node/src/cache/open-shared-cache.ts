import { setTimeout as wait } from 'node:timers/promises';
import type { CacheBackend } from '@p2p/cache-backend';
import { AppError, codeOf } from '../cli/app-error.ts';
import type { SharedCacheSettings } from '../config/shared-cache-settings.ts';
import { withoutPassword } from '../config/without-password.ts';
import type { LocalSide, SharedCache, SharedEngine } from './shared-cache.ts';

/** How long its servers may take for their first answer. */
const ANSWER_MS = 10_000;
/** How long they may take for what is left to be said at the end. */
const CLOSE_MS = 5000;

/**
 * Opens the cache that machines share.
 * @throws AppError APP_CONFIG when its servers refuse, with what to do; APP_CACHE_UNREACHABLE when they do not answer; `signal.reason`
 */
export async function openSharedCache(settings: SharedCacheSettings, local: LocalSide, { signal, answerMs = ANSWER_MS }: { signal: AbortSignal; answerMs?: number }): Promise<SharedCache> {
  const place = placeOf(settings);
  const engine = await createEngine(settings, local);
  const backend = await open(engine, answerMs, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof TypeError) throw error;
    const advice = codeOf(error) === 'CACHE_UNSUPPORTED' ? (error as Error).message : engine.refusal(error);
    if (advice !== undefined) throw new AppError('APP_CONFIG', advice, { cause: error });
    throw new AppError('APP_CACHE_UNREACHABLE', `the shared cache in ${place} cannot be reached: ${(error as Error).message}`, { cause: error });
  });
  return { tier: settings.index, place, backend, [Symbol.asyncDispose]: () => closeInTime(backend, engine) };
}

/** Loads the clients only for those who use them: commands start faster without. */
async function createEngine(settings: SharedCacheSettings, local: LocalSide): Promise<SharedEngine> {
  if (settings.index === 'redis') return (await import('./redis-engine.ts')).redisEngine(settings, local);
  return (await import('./s3-engine.ts')).s3Engine(settings.bytes, local);
}

function placeOf({ bytes, ...index }: SharedCacheSettings): string {
  const bytesPlace = 'bucket' in bytes ? `the bucket ${bytes.bucket} at ${bytes.endpoint ?? 'AWS'}` : bytes.sharedDir;
  return index.index === 'redis' ? `${withoutPassword(index.url)} and ${bytesPlace}` : bytesPlace;
}

/** What this machine does itself may take its time: it is not the servers' fault. */
async function open(engine: SharedEngine, answerMs: number, signal: AbortSignal): Promise<CacheBackend> {
  signal.throwIfAborted();
  const abort = (): void => engine.end();
  signal.addEventListener('abort', abort, { once: true });
  const answered = new AbortController();
  const late = wait(answerMs, undefined, { signal: answered.signal }).then(() => {
    throw new Error(`no answer within ${answerMs / 1000} s`);
  });
  try {
    await Promise.race([engine.connect(), late]);
    answered.abort();
    return await engine.open();
  } catch (error) {
    engine.end();
    throw error;
  } finally {
    answered.abort();
    signal.removeEventListener('abort', abort);
  }
}

/** A server that has gone holds up nobody for long. */
async function closeInTime(backend: CacheBackend, engine: SharedEngine): Promise<void> {
  const timer = setTimeout(() => engine.end(), CLOSE_MS);
  try {
    await backend.close();
  } finally {
    clearTimeout(timer);
    engine.end();
  }
}
