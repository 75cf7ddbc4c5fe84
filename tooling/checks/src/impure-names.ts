import { parseSync } from 'oxc-parser';
import { lineOf } from './imports.ts';

export interface ImpureUse {
  name: string;
  line: number;
}

/** Globals that bring in time, chance, the process or the platform. */
const IMPURE_GLOBALS: ReadonlySet<string> = new Set([
  'process', 'Buffer', 'Date', 'performance', 'crypto', 'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate',
  'fetch', 'navigator', 'window', 'document', 'localStorage', 'require', '__dirname', 'console', 'Worker', 'MessageChannel',
]);

type AstNode = { type: string; start: number; [field: string]: unknown };

function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** Uses of impure globals in a file's values (types and property names do not count). */
export function impureUses(path: string, text: string): ImpureUse[] {
  const found: ImpureUse[] = [];
  const visit = (node: AstNode, parent: AstNode | undefined): void => {
    if (node.type.startsWith('TS') && !['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression', 'TSInstantiationExpression'].includes(node.type)) return;
    if (node.type === 'Identifier' && IMPURE_GLOBALS.has(node['name'] as string) && !isName(node, parent)) {
      found.push({ name: node['name'] as string, line: lineOf(text, node.start) });
    }
    if (node.type === 'MemberExpression' && isNode(node['object']) && isNode(node['property'])) {
      const owner = node['object']['name'];
      const member = node['property']['name'];
      if ((owner === 'Math' && member === 'random') || (owner === 'globalThis' && IMPURE_GLOBALS.has(member as string))) {
        found.push({ name: `${owner as string}.${member as string}`, line: lineOf(text, node.start) });
      }
    }
    for (const [field, value] of Object.entries(node)) {
      if (field === 'parent') continue;
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, node);
    }
  };
  visit(parseSync(path, text).program as unknown as AstNode, undefined);
  return found;
}

/** True where the identifier only names a member, a key or a declaration of our own. */
function isName(node: AstNode, parent: AstNode | undefined): boolean {
  if (parent === undefined) return false;
  if (parent.type === 'MemberExpression') return parent['property'] === node && parent['computed'] !== true;
  if (['Property', 'MethodDefinition', 'PropertyDefinition'].includes(parent.type)) return parent['key'] === node && parent['computed'] !== true && parent['shorthand'] !== true;
  return false;
}
