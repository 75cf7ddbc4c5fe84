import type { BundledFile } from './bundlers/bundler.ts';
import type { Parse } from './parser.ts';
import { childrenOf, nameOf, type AstNode } from './syntax.ts';
import { WRITERS } from './trace-names.ts';

/** A name of the trace in code that should have none. */
export interface LeftIdentifier {
  readonly file: string;
  readonly name: string;
}

/**
 * Names in JavaScript that belong to the trace alone: its exports and the writers of its log. Local names are
 * among them only where the code is not minified.
 */
export function leftIdentifiers(files: readonly BundledFile[], exported: readonly string[], parse: Parse): LeftIdentifier[] {
  const forbidden = new Set([...WRITERS, ...exported]);
  return files.flatMap(({ name: file, code }) => {
    const found = new Set<string>();
    const visit = (node: AstNode): void => {
      const name = node.type === 'Identifier' || node.type === 'PrivateIdentifier' ? (nameOf(node) ?? '').replace(/^#/, '') : undefined;
      if (name !== undefined && forbidden.has(name)) found.add(name);
      for (const child of childrenOf(node)) visit(child);
    };
    visit(parse(`${file.replace(/\.\w+$/, '')}.mjs`, code).program);
    return [...found].map((name) => ({ file, name }));
  });
}
