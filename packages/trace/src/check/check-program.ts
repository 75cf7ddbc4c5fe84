import { dirname, relative, resolve } from 'node:path';
import { BUNDLER_NAMES, type BundlerName, type BundleRequest } from './bundlers/bundler.ts';
import { compareBundles, installedBundlers, type Comparison } from './compare-bundles.ts';
import { CheckError } from './errors.ts';
import { openProgram } from './program.ts';
import { loadTranspiler } from './to-javascript.ts';
import { TRACE_PACKAGES } from './trace-names.ts';
import type { TraceSite } from './trace-sites.ts';

export interface CheckOptions {
  /** Files to begin with, relative to `directory`. */
  readonly entries: readonly string[];
  /** Where bundlers are looked for first, and what paths in the result are relative to. Default: the current one. */
  readonly directory?: string;
  /** Default `node`. */
  readonly platform?: 'node' | 'browser';
  /** Default: all that are installed. */
  readonly bundlers?: readonly BundlerName[];
  /** Packages that count as the trace. Default `@p2p/trace` and `@p2p/trace-noop`. */
  readonly packages?: readonly string[];
}

export interface CheckResult {
  /** No place is unguarded, every bundler makes the same size of both, and rolldown the same bytes. */
  readonly zeroCost: boolean;
  /** Source files that were looked at. */
  readonly files: number;
  /** Trace statements, imports and declarations that were taken out for the comparison. */
  readonly removed: number;
  /** Places that are not guarded. */
  readonly sites: readonly TraceSite[];
  /** Where bundles differ: guarded declarations that some bundlers leave behind. */
  readonly leftovers: readonly TraceSite[];
  readonly comparisons: readonly Comparison[];
  /** Bundlers that were asked for, or might have been, and are not installed. */
  readonly missing: readonly BundlerName[];
}

/**
 * Proves that a program pays nothing for its trace statements when tracing is off: bundles its sources as they
 * are and with the trace statements taken out by a parser, and compares. Packages that it imports are left out
 * of both bundles, the trace package excepted.
 *
 * @throws CheckError CHECK_NO_PARSER, CHECK_NO_BUNDLER, CHECK_UNREADABLE, CHECK_SYNTAX, CHECK_BUNDLE_FAILED; CHECK_USAGE without an entry
 */
export async function checkProgram(options: CheckOptions): Promise<CheckResult> {
  const directory = resolve(options.directory ?? '.');
  const packages = options.packages ?? TRACE_PACKAGES;
  const entries = options.entries.map((entry) => resolve(directory, entry));
  const [first] = entries;
  if (first === undefined) throw new CheckError('CHECK_USAGE', 'an entry is missing: name the file that your program begins with');
  const wanted = options.bundlers ?? BUNDLER_NAMES;
  const home = dirname(first);
  const [sources, bundlers, toJavaScript] = await Promise.all([openProgram(entries, packages), installedBundlers(home, wanted), loadTranspiler(home)]);
  if (bundlers.length === 0) throw new CheckError('CHECK_NO_BUNDLER', `none of ${wanted.join(', ')} is installed: npm install --save-dev rolldown`);
  const { files, sites, leftovers, removed } = sources.survey();
  const comparisons: Comparison[] = [];
  for (const bundler of bundlers) {
    const request = (load: (path: string) => string): BundleRequest => ({
      entries,
      platform: options.platform ?? 'node',
      isExternal: (specifier) => isExternal(specifier, packages),
      load: (path) => (sources.has(path) ? toJavaScript(path, load(path)) : undefined),
    });
    comparisons.push(await compareBundles(bundler, request((path) => sources.text(path)), request((path) => sources.stripped(path))));
  }
  const same = comparisons.every(({ bundler, bytes, strippedBytes, identical }) => bytes === strippedBytes && (identical || bundler !== 'rolldown'));
  return {
    zeroCost: same && sites.length === 0,
    files: files.length,
    removed,
    sites: sites.map((site) => ({ ...site, file: relative(directory, site.file) })),
    leftovers: same ? [] : leftovers.map((site) => ({ ...site, file: relative(directory, site.file) })),
    comparisons,
    missing: wanted.filter((name) => !bundlers.some((bundler) => bundler.name === name)),
  };
}

function isExternal(specifier: string, packages: readonly string[]): boolean {
  if (/^(?:\.|\/|[A-Za-z]:[\\/]|\0)/.test(specifier)) return false;
  return !packages.includes(specifier);
}
