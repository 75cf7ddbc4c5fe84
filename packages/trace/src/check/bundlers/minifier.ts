import { importFor } from '../optional-packages.ts';

interface Esbuild {
  transform(code: string, options: object): Promise<{ code: string }>;
}

interface RolldownUtilities {
  minify(name: string, code: string, options: object): Promise<{ code: string }>;
}

/** The minifier of a bundler that is there: esbuild's, else rolldown's. */
export async function loadMinifier(directory: string): Promise<((name: string, code: string) => Promise<string>) | undefined> {
  const esbuild = await importFor<Esbuild>('esbuild', directory);
  if (esbuild !== undefined) return async (_name, code) => (await esbuild.module.transform(code, { minify: true, format: 'esm', target: 'es2024' })).code;
  const rolldown = await importFor<RolldownUtilities>('rolldown/utils', directory);
  return rolldown === undefined ? undefined : async (name, code) => (await rolldown.module.minify(name, code, { module: true })).code;
}
