import { importFor } from './optional-packages.ts';
import { CheckError } from './errors.ts';
import type { AstNode } from './syntax.ts';

/** What is used of the parser's module record. */
export interface ModuleRecord {
  readonly staticImports: readonly { readonly moduleRequest: { readonly value: string }; readonly entries: readonly { readonly isType: boolean }[] }[];
  readonly staticExports: readonly { readonly entries: readonly { readonly moduleRequest: { readonly value: string } | null; readonly isType: boolean }[] }[];
  readonly dynamicImports: readonly { readonly moduleRequest: { readonly start: number; readonly end: number } }[];
}

export interface ParsedFile {
  readonly path: string;
  readonly text: string;
  readonly program: AstNode;
  readonly module: ModuleRecord;
}

/** @throws CheckError CHECK_SYNTAX */
export type Parse = (path: string, text: string) => ParsedFile;

interface OxcParser {
  parseSync(path: string, text: string): { readonly program: unknown; readonly module: ModuleRecord; readonly errors: readonly { readonly message: string }[] };
}

/**
 * The parser of `oxc-parser`, or the same one as it comes with rolldown.
 * @throws CheckError CHECK_NO_PARSER when neither is installed
 */
export async function loadParser(directory: string): Promise<Parse> {
  const found = (await importFor<OxcParser>('oxc-parser', directory)) ?? (await importFor<OxcParser>('rolldown/utils', directory));
  if (found === undefined) throw new CheckError('CHECK_NO_PARSER', 'a parser is missing: npm install --save-dev rolldown (or oxc-parser beside another bundler)');
  const { parseSync } = found.module;
  return (path, text) => {
    const { program, module, errors } = parseSync(path, text);
    const [error] = errors;
    if (error !== undefined) throw new CheckError('CHECK_SYNTAX', `${path}: ${error.message}`);
    return { path, text, program: program as AstNode, module };
  };
}
