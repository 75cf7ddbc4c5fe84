import { importFor } from '../optional-packages.ts';
import { chunksOf, type Bundler, type RollupOutput } from './bundler.ts';
import { programPlugin } from './program-plugin.ts';

interface Rolldown {
  rolldown(options: object): Promise<{ generate(options: object): Promise<RollupOutput>; close(): Promise<void> }>;
}

export async function rolldownBundler(directory: string): Promise<Bundler | undefined> {
  const found = await importFor<Rolldown>('rolldown', directory);
  if (found === undefined) return undefined;
  return {
    name: 'rolldown',
    version: found.version,
    bundle: async (request) => {
      const build = await found.module.rolldown({
        input: [...request.entries],
        platform: request.platform,
        plugins: [programPlugin(request)],
        logLevel: 'silent',
        preserveEntrySignatures: 'strict',
      });
      try {
        return chunksOf(await build.generate({ format: 'esm', minify: true, entryFileNames: '[name].js', chunkFileNames: 'chunk-[name].js' }));
      } finally {
        await build.close();
      }
    },
  };
}
