import type { Logger } from '@p2p/dave-node';
import { codeOf } from '../cli/app-error.ts';
import { rootOfCacheKey } from '../publish/core/pointer.ts';
import { rootOfTree } from '../publish/io/plan-tree.ts';
import type { CheckTree } from './checked-cache.ts';

/** Publishes a tree as far as it takes to know its root: that names every name, mode, time and byte of it. */
export function checkTree(logger: Logger): CheckTree {
  return async (key, directory, signal = new AbortController().signal) => {
    const root = await rootOfTree(directory, signal).catch((error: unknown) => {
      if (!(codeOf(error)?.startsWith('PUBLISH_') ?? false)) throw error;
      return (error as Error).message;
    });
    if (root === rootOfCacheKey(key)) return true;
    logger.warn('the shared cache has another tree than it should: it is fetched from the network instead', { key, is: root });
    return false;
  };
}
