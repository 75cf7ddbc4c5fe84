import { resolve } from 'node:path';
import type { BundlerName, BundleRequest } from './bundlers/bundler.ts';
import { compareBundles, installedBundlers, type Comparison } from './compare-bundles.ts';

/** A library that was built twice: as it is, and from sources without trace statements. */
export interface TwoBuilds {
  /** Directories of JavaScript with the same file names. */
  readonly plain: string;
  readonly stripped: string;
  /** Files in both that others import. */
  readonly entries: readonly string[];
  readonly platform: 'node' | 'browser';
  readonly bundlers?: readonly BundlerName[];
}

/**
 * Bundles both builds as their users would, everything that they import left out.
 * @throws CheckError CHECK_BUNDLE_FAILED
 */
export async function compareBuilds({ plain, stripped, entries, platform, bundlers }: TwoBuilds): Promise<Comparison[]> {
  const request = (directory: string): BundleRequest => ({
    entries: entries.map((entry) => resolve(directory, entry)),
    platform,
    isExternal: (specifier) => !/^(?:\.|\/|[A-Za-z]:[\\/]|\0)/.test(specifier),
    load: () => undefined,
  });
  const comparisons: Comparison[] = [];
  for (const bundler of await installedBundlers(plain, bundlers)) comparisons.push(await compareBundles(bundler, request(plain), request(stripped)));
  return comparisons;
}
