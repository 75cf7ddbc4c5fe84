import { parseSync } from 'oxc-parser';

export interface FoundImport {
  specifier: string;
  line: number;
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** All static imports, re-exports and literal dynamic imports of a file, type-only ones included unless `values`. */
export function importsOf(path: string, text: string, { values = false }: { values?: boolean } = {}): FoundImport[] {
  const { module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const found: FoundImport[] = [];
  for (const item of module.staticImports) if (!values || item.entries.length === 0 || item.entries.some(({ isType }) => !isType)) found.push({ specifier: item.moduleRequest.value, line: lineOf(text, item.start) });
  for (const item of module.staticExports) {
    for (const entry of item.entries) {
      if (entry.moduleRequest && !(values && entry.isType)) found.push({ specifier: entry.moduleRequest.value, line: lineOf(text, item.start) });
    }
  }
  for (const item of module.dynamicImports) {
    const literal = /^['"`](.*)['"`]$/s.exec(text.slice(item.moduleRequest.start, item.moduleRequest.end));
    found.push({ specifier: literal?.[1] ?? '<computed>', line: lineOf(text, item.start) });
  }
  return found;
}
