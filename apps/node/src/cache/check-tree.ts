import type { Logger } from '@p2p/dave-node';
import { codeOf } from '../cli/app-error.ts';
import { treeCacheKey } from '../publish/core/pointer.ts';
import { identifyTree } from '../publish/io/plan-tree.ts';
import type { CheckTree } from './checked-cache.ts';

/** Publishes a tree as far as it takes to know its root: that names every name, mode, time and byte of it. What has set-id bits may be there only for those who asked for them. */
export function checkTree(logger: Logger): CheckTree {
  return async (key, directory, signal = new AbortController().signal) => {
    const is = await identifyTree(directory, signal).catch((error: unknown) => {
      if (!(codeOf(error)?.startsWith('PUBLISH_') ?? false)) throw error;
      return (error as Error).message;
    });
    if (typeof is !== 'string' && (key === treeCacheKey(is.root, { setId: true }) || (key === treeCacheKey(is.root, { setId: false }) && !is.hasSetId))) return true;
    logger.warn('the shared cache has another tree than it should: it is fetched from the network instead', { key, is: typeof is === 'string' ? is : treeCacheKey(is.root, { setId: is.hasSetId }) });
    return false;
  };
}
