import { resolveRelative } from '../module-graph.ts';
import type { BundleRequest, RollupPlugin } from './bundler.ts';

/** Gives rollup, rolldown and Vite the files of the program. */
export function programPlugin({ load, isExternal }: BundleRequest): RollupPlugin & { enforce: 'pre' } {
  return {
    name: 'p2p-trace-check',
    enforce: 'pre',
    resolveId: (specifier, importer) => {
      if (importer === undefined) return undefined;
      if (isExternal(specifier)) return { id: specifier, external: true };
      const own = resolveRelative(specifier, importer);
      return own === undefined || load(own) === undefined ? undefined : own;
    },
    load: (id) => {
      const code = load(id);
      return code === undefined ? undefined : { code, moduleType: 'js' };
    },
  };
}
