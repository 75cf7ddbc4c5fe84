import { basename } from 'node:path';
import { importFor } from '../optional-packages.ts';
import { SCRIPT, resolveRelative } from '../module-graph.ts';
import type { Bundler } from './bundler.ts';

type Esbuild = typeof import('esbuild');

export async function esbuildBundler(directory: string): Promise<Bundler | undefined> {
  const found = await importFor<Esbuild>('esbuild', directory);
  if (found === undefined) return undefined;
  const { build } = found.module;
  return {
    name: 'esbuild',
    version: found.version,
    bundle: async ({ entries, load, isExternal, platform }) => {
      const { outputFiles } = await build({
        entryPoints: [...entries],
        bundle: true,
        minify: true,
        splitting: true,
        format: 'esm',
        target: 'es2024',
        platform,
        outdir: 'out',
        write: false,
        logLevel: 'silent',
        plugins: [
          {
            name: 'p2p-trace-check',
            setup: (context): void => {
              context.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
                if (kind === 'entry-point') return undefined;
                if (isExternal(path)) return { path, external: true };
                const own = resolveRelative(path, importer);
                return own === undefined || load(own) === undefined ? undefined : { path: own };
              });
              context.onLoad({ filter: SCRIPT }, ({ path }) => {
                const contents = load(path);
                return contents === undefined ? undefined : { contents, loader: 'js' };
              });
            },
          },
        ],
      });
      return outputFiles.map(({ path, text }) => ({ name: basename(path), code: text }));
    },
  };
}
