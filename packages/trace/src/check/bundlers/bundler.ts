/** What one bundler is asked to do, twice: once with the sources as they are, once with the stripped ones. */
export interface BundleRequest {
  /** Absolute paths of the files to begin with. */
  readonly entries: readonly string[];
  /** JavaScript of a file of the program; undefined for a file that is none of it. */
  readonly load: (path: string) => string | undefined;
  /** Whether an import is left as it is. */
  readonly isExternal: (specifier: string) => boolean;
  readonly platform: 'node' | 'browser';
}

/** A file that came out, under the name that the bundler gave it. */
export interface BundledFile {
  readonly name: string;
  readonly code: string;
}

export interface Bundler {
  readonly name: BundlerName;
  readonly version: string;
  /** Production settings, minified, ES modules, nothing written. */
  bundle(request: BundleRequest): Promise<readonly BundledFile[]>;
}

/** In the order of the report. */
export const BUNDLER_NAMES = ['esbuild', 'rollup', 'rolldown', 'vite', 'webpack'] as const;
export type BundlerName = (typeof BUNDLER_NAMES)[number];

/** What is imported instead of a file: enough of the plugin interface that rollup, rolldown and Vite share. */
export interface RollupPlugin {
  readonly name: string;
  resolveId?(specifier: string, importer: string | undefined): string | { id: string; external: boolean } | undefined;
  load?(id: string): { code: string; moduleType?: 'js' } | undefined;
}

export interface RollupOutput {
  readonly output: readonly ({ type: 'chunk'; fileName: string; code: string } | { type: 'asset'; fileName: string })[];
}

export function chunksOf({ output }: RollupOutput): BundledFile[] {
  return output.flatMap((file) => (file.type === 'chunk' ? [{ name: file.fileName, code: file.code }] : []));
}
