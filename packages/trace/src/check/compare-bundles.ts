import { CheckError } from './errors.ts';
import { BUNDLER_NAMES, type BundledFile, type Bundler, type BundlerName, type BundleRequest } from './bundlers/bundler.ts';
import { esbuildBundler } from './bundlers/esbuild.ts';
import { rolldownBundler } from './bundlers/rolldown.ts';
import { rollupBundler } from './bundlers/rollup.ts';
import { viteBundler } from './bundlers/vite.ts';
import { webpackBundler } from './bundlers/webpack.ts';

const LOADERS: Readonly<Record<BundlerName, (directory: string) => Promise<Bundler | undefined>>> = {
  esbuild: esbuildBundler,
  rollup: rollupBundler,
  rolldown: rolldownBundler,
  vite: viteBundler,
  webpack: webpackBundler,
};

/** The bundlers that are installed for a program, or beside this package, in the order of the report. */
export async function installedBundlers(directory: string, wanted: readonly BundlerName[] = BUNDLER_NAMES): Promise<Bundler[]> {
  const all = await Promise.all(BUNDLER_NAMES.filter((name) => wanted.includes(name)).map((name) => LOADERS[name](directory)));
  return all.filter((bundler) => bundler !== undefined);
}

/** What one bundler made of a program and of the same without its trace statements. */
export interface Comparison {
  readonly bundler: BundlerName;
  readonly version: string;
  readonly bytes: number;
  /** Of the program without its trace statements. */
  readonly strippedBytes: number;
  /** Whether both are the same to the byte. */
  readonly identical: boolean;
}

const bytesOf = (files: readonly BundledFile[]): number => files.reduce((sum, { code }) => sum + Buffer.byteLength(code), 0);

/** @throws CheckError CHECK_BUNDLE_FAILED */
export async function compareBundles(bundler: Bundler, plain: BundleRequest, stripped: BundleRequest): Promise<Comparison> {
  const [first, second] = [await bundled(bundler, plain), await bundled(bundler, stripped)];
  const identical = first.length === second.length && first.every(({ code }, index) => code === second[index]?.code);
  return { bundler: bundler.name, version: bundler.version, bytes: bytesOf(first), strippedBytes: bytesOf(second), identical };
}

async function bundled(bundler: Bundler, request: BundleRequest): Promise<readonly BundledFile[]> {
  let files: readonly BundledFile[];
  try {
    files = await bundler.bundle(request);
  } catch (error) {
    if (error instanceof CheckError) throw error;
    throw new CheckError('CHECK_BUNDLE_FAILED', `${bundler.name} cannot bundle ${request.entries.join(', ')}: ${(error as Error).message}`, { cause: error });
  }
  if (files.length === 0) throw new CheckError('CHECK_BUNDLE_FAILED', `${bundler.name} made nothing of ${request.entries.join(', ')}`);
  return files;
}
