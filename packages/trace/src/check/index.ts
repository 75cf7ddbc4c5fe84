export { checkProgram, type CheckOptions, type CheckResult } from './check-program.ts';
export { compareBuilds, type TwoBuilds } from './compare-builds.ts';
export type { Comparison } from './compare-bundles.ts';
export { BUNDLER_NAMES, type BundledFile, type BundlerName } from './bundlers/bundler.ts';
export { CheckError, type CheckErrorCode } from './errors.ts';
export { leftIdentifiers, type LeftIdentifier } from './identifiers.ts';
export { openProgram, type Program } from './program.ts';
export type { SiteKind, TraceSite } from './trace-sites.ts';
