import { isRemoved, type Edit } from './edits.ts';
import { childrenOf, isTypeOnly, nameOf, nodesOf, type AstNode } from './syntax.ts';

/** Something that can be declared without being used. */
interface Declaration {
  readonly name: string;
  readonly node: AstNode;
  /** Where it can be used. */
  readonly scope: AstNode;
  /** Removal that takes a comma along. */
  readonly edit: Edit;
}

const SCOPES: ReadonlySet<string> = new Set(['BlockStatement', 'FunctionBody', 'StaticBlock', 'SwitchStatement', 'ClassBody', 'ForStatement', 'ForInStatement', 'ForOfStatement']);

const LOOPS: ReadonlySet<string> = new Set(['ForStatement', 'ForInStatement', 'ForOfStatement']);

/** Declarations to which every reference lies in what is taken away; more of them with each that goes. Those that nothing ever used stay. */
export function unusedDeclarations(program: AstNode, removed: readonly Edit[]): Edit[] {
  const uses = usesOf(program);
  const candidates = declarationsOf(program).filter(({ node }) => !isRemoved(removed, node.start));
  const edits = [...removed];
  for (;;) {
    const unused = candidates.filter(({ name, node, scope, edit }) => {
      const places = (uses.get(name) ?? []).filter((offset) => offset >= scope.start && offset < scope.end && (offset < node.start || offset >= node.end));
      return places.length > 0 && !edits.includes(edit) && places.every((offset) => isRemoved(edits, offset));
    });
    if (unused.length === 0) return withWholeImports(program, edits.slice(removed.length));
    for (const { edit } of unused) edits.push(edit);
  }
}

/** Where each name is used as a value. */
function usesOf(program: AstNode): Map<string, number[]> {
  const uses = new Map<string, number[]>();
  const visit = (node: AstNode, parent: AstNode | undefined): void => {
    if (isTypeOnly(node) || node.type === 'ImportDeclaration') return;
    const name = node.type === 'Identifier' || node.type === 'PrivateIdentifier' || node.type === 'JSXIdentifier' ? (nameOf(node) ?? (node['name'] as string)) : undefined;
    const isKey = parent !== undefined && ['PropertyDefinition', 'MethodDefinition'].includes(parent.type) && parent['key'] === node;
    const isPlainMember = node.type === 'Identifier' && parent?.type === 'MemberExpression' && parent['property'] === node && parent['computed'] !== true;
    if (name !== undefined && !isKey && !isPlainMember) uses.set(name, [...(uses.get(name) ?? []), node.start]);
    for (const child of childrenOf(node)) visit(child, node);
  };
  visit(program, undefined);
  return uses;
}

function declarationsOf(program: AstNode): Declaration[] {
  const found: Declaration[] = [];
  const add = (name: string | undefined, node: AstNode, scope: AstNode): void => {
    if (name !== undefined) found.push({ name, node, scope, edit: { start: node.start, end: node.end, text: '' } });
  };
  const visit = (node: AstNode, scope: AstNode): void => {
    if (node.type === 'ImportDeclaration') {
      if (node['importKind'] !== 'type') for (const specifier of nodesOf(node['specifiers'])) add(nameOf(specifier['local']), specifier, scope);
      return;
    }
    // What is exported may be used elsewhere.
    if (node.type.startsWith('Export')) return nodesOf(node['declaration']).forEach((declaration) => [...childrenOf(declaration)].forEach((child) => visit(child, declaration)));
    if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') add(nameOf(node['id']), node, scope);
    else if (node.type === 'VariableDeclaration') {
      const [declarator, ...others] = nodesOf(node['declarations']);
      if (declarator !== undefined && others.length === 0) add(nameOf(declarator['id']), node, scope);
    } else if ((node.type === 'MethodDefinition' || node.type === 'PropertyDefinition') && nameOf(node['key'])?.startsWith('#') === true) add(nameOf(node['key']), node, scope);
    const inner = SCOPES.has(node.type) ? node : scope;
    // The variables of a loop belong to its syntax.
    const loopHead = LOOPS.has(node.type) ? [node['init'], node['left']] : [];
    for (const child of childrenOf(node)) if (!loopHead.includes(child)) visit(child, inner);
  };
  visit(program, program);
  return found;
}

/** An import is removed with its last name, with the commas between else. */
function withWholeImports(program: AstNode, edits: readonly Edit[]): Edit[] {
  const result = [...edits];
  for (const statement of nodesOf(program['body'])) {
    if (statement.type !== 'ImportDeclaration') continue;
    const specifiers = nodesOf(statement['specifiers']);
    const gone = specifiers.filter(({ start }) => edits.some((edit) => edit.start === start));
    if (gone.length === 0) continue;
    if (gone.length === specifiers.length) result.push({ start: statement.start, end: statement.end, text: '' });
    else {
      for (const specifier of gone) {
        const at = specifiers.indexOf(specifier);
        const next = specifiers[at + 1];
        const previous = specifiers[at - 1];
        if (next !== undefined && next.type === specifier.type) result.push({ start: specifier.start, end: next.start, text: '' });
        else if (previous !== undefined && previous.type === specifier.type) result.push({ start: previous.end, end: specifier.end, text: '' });
      }
    }
  }
  return result;
}
