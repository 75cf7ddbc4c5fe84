import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CodeBlock } from './readme-blocks.ts';
import { ROOT } from './source-files.ts';

/** Inside this package, so that blocks resolve packages as a program that has installed them would. Ignored by git. */
const DIRECTORY = join(ROOT, 'tooling/checks/.readme-code');

const TSCONFIG = {
  extends: '@p2p/tooling-tsconfig/base.json',
  // A block is a program, not a library.
  compilerOptions: { declaration: false, isolatedDeclarations: false },
  include: ['*.ts'],
};

const fileOf = ({ path, line }: CodeBlock): string => `${path.replaceAll(/[^\w]/g, '_')}__${line}.ts`;

/** Writes each block to a file of its own, as a module, on the line where it stands in its document. */
export function writeBlocks(blocks: readonly CodeBlock[], name: string): { directory: string; files: ReadonlyMap<CodeBlock, string> } {
  const directory = join(DIRECTORY, name);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  const files = new Map<CodeBlock, string>();
  for (const block of blocks) {
    const file = join(directory, fileOf(block));
    writeFileSync(file, `${'\n'.repeat(block.line - 1)}${block.code}\nexport {};\n`);
    files.set(block, file);
  }
  return { directory, files };
}

/** Type-checks blocks; each complaint begins with document and line. */
export function compileBlocks(blocks: readonly CodeBlock[], name: string): string[] {
  const { directory, files } = writeBlocks(blocks, name);
  const { status, stdout, stderr, error } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', directory, '--pretty', 'false'], { cwd: directory, encoding: 'utf8' });
  if (error !== undefined) throw error;
  let complaints = stdout.trim();
  for (const [block, file] of files) complaints = complaints.replaceAll(`${file.slice(directory.length + 1)}(`, `${block.path}(`);
  if (status !== 0 && complaints === '') throw new Error(`tsc ended with ${status}: ${stderr}`);
  return complaints === '' ? [] : complaints.split('\n');
}
