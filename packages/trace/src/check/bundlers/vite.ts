import { dirname } from 'node:path';
import { importFor } from '../optional-packages.ts';
import { chunksOf, type Bundler, type RollupOutput } from './bundler.ts';
import { programPlugin } from './program-plugin.ts';

interface Vite {
  build(options: object): Promise<RollupOutput | RollupOutput[]>;
}

export async function viteBundler(directory: string): Promise<Bundler | undefined> {
  const found = await importFor<Vite>('vite', directory);
  if (found === undefined) return undefined;
  return {
    name: 'vite',
    version: found.version,
    bundle: async (request) => {
      const built = await found.module.build({
        root: dirname(request.entries[0] ?? directory),
        configFile: false,
        envFile: false,
        logLevel: 'silent',
        plugins: [programPlugin(request)],
        ssr: { noExternal: true },
        build: {
          write: false,
          minify: true,
          ssr: request.platform === 'node',
          target: 'es2024',
          modulePreload: false,
          rolldownOptions: {
            input: [...request.entries],
            preserveEntrySignatures: 'strict',
            output: { entryFileNames: '[name].js', chunkFileNames: 'chunk-[name].js' },
          },
        },
      });
      return [built].flat().flatMap(chunksOf);
    },
  };
}
