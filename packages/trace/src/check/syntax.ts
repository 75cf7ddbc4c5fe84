/** A node of the ESTree that the parser gives, with its place in UTF-16 units. */
export interface AstNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** The nodes in one field, which holds one, several or none. */
export function nodesOf(value: unknown): readonly AstNode[] {
  return Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [];
}

/** All direct children of a node. */
export function* childrenOf(node: AstNode): Generator<AstNode> {
  for (const [field, value] of Object.entries(node)) if (field !== 'parent') yield* nodesOf(value);
}

/** Wrappers that are there in TypeScript only and whose value is their `expression`. */
const VALUE_WRAPPERS: ReadonlySet<string> = new Set(['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression', 'TSTypeAssertion', 'TSInstantiationExpression']);

/** Whether nothing of a node is left when types are erased. */
export function isTypeOnly(node: AstNode): boolean {
  return node.type.startsWith('TS') && !VALUE_WRAPPERS.has(node.type) && !['TSParameterProperty', 'TSEnumDeclaration', 'TSModuleDeclaration', 'TSModuleBlock', 'TSExportAssignment', 'TSEnumBody', 'TSEnumMember'].includes(node.type);
}

/** Takes parentheses, `!`, `as`, `?.` and `await` off an expression. */
export function unwrapped(node: AstNode): AstNode {
  let inner = node;
  while ((VALUE_WRAPPERS.has(inner.type) || inner.type === 'ParenthesizedExpression' || inner.type === 'ChainExpression') && isNode(inner['expression'])) inner = inner['expression'];
  if (inner.type === 'AwaitExpression' && isNode(inner['argument'])) return unwrapped(inner['argument']);
  return inner;
}

/** The name of an identifier, or of a private one with its `#`; of a string key its text. */
export function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Identifier') return node['name'] as string;
  if (node.type === 'PrivateIdentifier') return `#${node['name'] as string}`;
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  return undefined;
}

/** Line and column of an offset, both from 1. */
export function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - (before.lastIndexOf('\n') + 1) + 1 };
}
