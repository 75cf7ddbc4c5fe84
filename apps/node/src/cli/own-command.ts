import { basename, relative } from 'node:path';

/** How the person who reads our output would start this program again. */
export function ownCommand(process: { argv: readonly string[]; env: NodeJS.ProcessEnv; cwd(): string }): string {
  const script = process.argv[1] ?? 'dave';
  if (basename(script, '.cmd') !== 'main.js') return 'dave';
  // Started by a script of the repository: pnpm also brings a Node that is new enough.
  return process.env['npm_lifecycle_event'] === undefined ? `node ${relative(process.cwd(), script)}` : 'npx -y pnpm@12 dave';
}
