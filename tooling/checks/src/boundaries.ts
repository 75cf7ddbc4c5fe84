/** Who may import whom; arrows point downwards only. Types of a package count as the package. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  '@p2p/trace-noop': [],
  '@p2p/trace': ['@p2p/trace-noop'],
  '@p2p/dave-wire': [],
  '@p2p/cache-backend': ['@p2p/trace'],
  '@p2p/record-store': ['@p2p/trace'],
  '@p2p/bootstrap-cache': ['@p2p/trace'],
  '@p2p/dave-node': ['@p2p/dave-wire', '@p2p/trace', '@p2p/record-store'],
  '@p2p/node': ['@p2p/dave-node', '@p2p/dave-wire', '@p2p/bootstrap-cache', '@p2p/record-store', '@p2p/cache-backend', '@p2p/trace'],
};

/** Parts of a library that may touch sockets, files, timers and threads. */
const SHELL = [/\/src\/io\//, /\/src\/backends\//];

/** Entry files that choose the shell for a platform. */
const ENTRIES = new Set([
  // The list of exports, with createDat and generateKeyPair in their forms that know clock and chance.
  'packages/dave-wire/src/api.ts',
  'packages/dave-wire/src/index.ts',
  'packages/dave-wire/src/index.node.ts',
  'packages/dave-wire/src/node.ts',
  // The facade supplies the real clock, randomness and sockets where none are given.
  'packages/dave-node/src/node.ts',
  'packages/dave-node/src/index.ts',
  // Lists the exports; the cache's class opens its own files.
  'packages/bootstrap-cache/src/index.ts',
  // Lists the exports; the memory engine lets others run between its chunks.
  'packages/record-store/src/index.ts',
  // Registers the suite, and the kill -9 part, which starts processes, where it is asked for.
  'packages/record-store/src/conformance/index.ts',
]);

export type Layer = 'shell' | 'entry' | 'core';

export function layerOf(path: string): Layer {
  if (path.startsWith('apps/') || SHELL.some((pattern) => pattern.test(path))) return 'shell';
  return ENTRIES.has(path) ? 'entry' : 'core';
}
