import type { UserConfig } from 'tsdown';

export interface LibraryOptions {
  /** Output name (without extension) to source file, such as `{ index: 'src/index.ts' }`. */
  entry: Record<string, string>;
  /** `neutral` for code that browsers run too, `node` for what needs Node. */
  platform: 'neutral' | 'node';
  /** A library that traces is built twice: `dist/` without a byte of tracing, `dist/traced/` with it. */
  traced: boolean;
  /** False for a second configuration of the same package, which must leave the first one's output alone. Default true. */
  clean?: boolean;
}

const TRACE_PACKAGES: RegExp = /^@p2p\/trace/;
/** The neutral platform knows no built-in modules, and only entries for Node import them. */
const BUILT_IN: RegExp = /^node:/;

/** The build of every published library: ES modules, declarations, and the two trace flavours. */
export function library(options: LibraryOptions): UserConfig[] {
  const shared: UserConfig = {
    entry: options.entry,
    platform: options.platform,
    format: 'esm',
    target: 'es2024',
    fixedExtension: false,
    hash: false,
    sourcemap: false,
    treeshake: true,
    minify: 'dce-only',
  };
  const plain: UserConfig = {
    ...shared,
    outDir: 'dist',
    dts: true,
    clean: options.clean ?? true,
    // The no-op twin is inlined, so `if (TRACE)` folds away before a consumer's bundler sees it. Its types are not: those
    // of a log or a context must be the ones that the consumer has from the trace package.
    deps: { neverBundle: [BUILT_IN], ...(options.traced ? { alwaysBundle: [TRACE_PACKAGES], dts: { alwaysBundle: [], neverBundle: [BUILT_IN, TRACE_PACKAGES] } } : {}) },
  };
  if (!options.traced) return [plain];
  const traced: UserConfig = {
    ...shared,
    outDir: 'dist/traced',
    dts: false,
    clean: false,
    deps: { neverBundle: [BUILT_IN, TRACE_PACKAGES] },
  };
  return [plain, traced];
}
