// Packs every published package as it would be published and lets publint and attw judge the result.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { publishedPackages, ROOT } from './source-files.ts';

let failed = 0;
for (const { directory, manifest } of publishedPackages()) {
  const hasTypes = JSON.stringify(manifest.exports).includes('"types"');
  const checks: [string, string[]][] = [['publint', ['run', '--strict']]];
  if (hasTypes) checks.push(['attw', ['--pack', '.', '--profile', 'esm-only']]);
  for (const [tool, args] of checks) {
    const result = spawnSync(join(ROOT, 'node_modules/.bin', tool), args, { cwd: join(ROOT, directory), encoding: 'utf8' });
    const ok = result.status === 0;
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${tool.padEnd(8)} ${manifest.name}`);
    if (!ok) {
      failed += 1;
      console.log(result.stdout, result.stderr, result.error ?? '');
    }
  }
}
process.exitCode = failed === 0 ? 0 : 1;
