import { globSync } from 'node:fs';
import { readSource, ROOT } from './source-files.ts';

/** A block of TypeScript in a document. */
export interface CodeBlock {
  /** Path relative to the root. */
  path: string;
  /** Where its first line stands, from 1. */
  line: number;
  code: string;
  /** Marked `ts run`: it is a program that ends by itself. */
  runs: boolean;
}

/** Every document that readers take code from. */
export function documents(): string[] {
  return globSync('{*.md,docs/*.md,examples/*.md,packages/*/*.md,apps/*/*.md,tooling/*/*.md}', { cwd: ROOT })
    .filter((path) => !path.endsWith('CHANGELOG.md'))
    .toSorted();
}

/** The blocks of a document that begin with ```ts or ```typescript. An indented fence belongs to a list; its indentation is taken away. */
export function codeBlocks(path: string, text: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const fence = /^(\s*)(`{3,}|~{3,})\s*(\S*)(.*)$/.exec(lines[at] ?? '');
    if (fence === null) continue;
    const [, indentation = '', marks = '', language = '', info = ''] = fence;
    const line = at + 2;
    const code: string[] = [];
    for (at += 1; at < lines.length && lines[at]?.trim() !== marks; at++) {
      const content = lines[at] ?? '';
      code.push(content.startsWith(indentation) ? content.slice(indentation.length) : content);
    }
    if (at === lines.length) throw new Error(`${path}:${line - 1}: this block is never closed`);
    if (['ts', 'typescript', 'mts', 'tsx'].includes(language)) blocks.push({ path, line, code: code.join('\n'), runs: info.trim() === 'run' });
  }
  return blocks;
}

/** All blocks of all documents. */
export function allCodeBlocks(): CodeBlock[] {
  return documents().flatMap((path) => codeBlocks(path, readSource(path)));
}
