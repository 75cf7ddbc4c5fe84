import { importFor } from '../optional-packages.ts';
import { chunksOf, type Bundler, type RollupOutput, type RollupPlugin } from './bundler.ts';
import { loadMinifier } from './minifier.ts';
import { programPlugin } from './program-plugin.ts';

interface Rollup {
  rollup(options: object): Promise<{ generate(options: object): Promise<RollupOutput>; close(): Promise<void> }>;
}

interface NodeResolve {
  nodeResolve(options: { browser: boolean }): RollupPlugin;
}

/** With the plugin by which rollup finds packages, and a minifier, which it has none of its own. */
export async function rollupBundler(directory: string): Promise<Bundler | undefined> {
  const found = await importFor<Rollup>('rollup', directory);
  const resolver = await importFor<NodeResolve>('@rollup/plugin-node-resolve', directory);
  const minify = await loadMinifier(directory);
  if (found === undefined || resolver === undefined || minify === undefined) return undefined;
  return {
    name: 'rollup',
    version: found.version,
    bundle: async (request) => {
      const build = await found.module.rollup({
        input: [...request.entries],
        plugins: [programPlugin(request), resolver.module.nodeResolve({ browser: request.platform === 'browser' })],
        onwarn: (): void => undefined,
        preserveEntrySignatures: 'strict',
      });
      try {
        const files = chunksOf(await build.generate({ format: 'es', compact: true, entryFileNames: '[name].js', chunkFileNames: 'chunk-[name].js' }));
        return await Promise.all(files.map(async ({ name, code }) => ({ name, code: await minify(name, code) })));
      } finally {
        await build.close();
      }
    },
  };
}
