import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readSource, ROOT } from './source-files.ts';

export const RELEASE_PAGE = 'docs/tracing-release.md';

/** Inside this package, whose bundlers the files of the page then find. Ignored by git. */
export const RELEASE_PROJECT: string = join(ROOT, 'tooling/checks/.trace-release');

/** Blocks of the page that begin with ```language file: what readers copy, by the name they give it. */
export function filesOfPage(): ReadonlyMap<string, string> {
  const blocks = readSource(RELEASE_PAGE).matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms);
  return new Map(Array.from(blocks, ([, file = '', content = '']) => [file, content]));
}

/** Writes them all to a project of its own. */
export function writeReleaseProject(): string {
  rmSync(RELEASE_PROJECT, { recursive: true, force: true });
  for (const [file, content] of filesOfPage()) {
    if (file.includes('#') || file === 'pnpm-workspace.yaml') continue;
    const path = join(RELEASE_PROJECT, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  mkdirSync(join(RELEASE_PROJECT, 'out'));
  writeFileSync(join(RELEASE_PROJECT, 'package.json'), JSON.stringify({ name: 'release', private: true, type: 'module' }));
  // webpack is called by its API: its command line is a package of its own.
  writeFileSync(
    join(RELEASE_PROJECT, 'run-webpack.mjs'),
    "import webpack from 'webpack';\nimport config from './webpack.config.mjs';\nwebpack(config, (error, stats) => {\n  if (error || stats.hasErrors()) throw error ?? new Error(stats.toString('errors-only'));\n});\n",
  );
  return RELEASE_PROJECT;
}
