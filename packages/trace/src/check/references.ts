import { childrenOf, isNode, nameOf, nodesOf, unwrapped, type AstNode } from './syntax.ts';
import { isTraceType, WRITERS, type TraceNames } from './trace-names.ts';
import { isGuard, truthWhenOff } from './truth.ts';

/** Objects of the platform: their members are never ours. */
const GLOBALS: ReadonlySet<string> = new Set(['console', 'Math', 'JSON', 'Object', 'Reflect', 'globalThis', 'process', 'window', 'document', 'performance', 'self']);

/** Tells which expressions of a file are about the trace, by name: imports, what is annotated with its types, what is made of either. */
export class TraceReferences {
  readonly #names: TraceNames;
  readonly #members: ReadonlySet<string>;
  readonly #locals: ReadonlySet<string>;

  /** @param members see `tracedMembers` */
  constructor(program: AstNode, names: TraceNames, members: ReadonlySet<string>) {
    this.#names = names;
    this.#members = members;
    this.#locals = new Set();
    let size = -1;
    // What is made of a local may be declared before it in the text.
    while (this.#locals.size !== size) {
      size = this.#locals.size;
      this.#locals = this.#localsOf(program);
    }
  }

  /** Whether an expression stands for something of the trace. */
  has(node: unknown): boolean {
    if (!isNode(node)) return false;
    const inner = unwrapped(node);
    switch (inner.type) {
      case 'Identifier': {
        const name = nameOf(inner) ?? '';
        return this.#names.values.has(name) || this.#locals.has(name);
      }
      case 'MemberExpression': {
        const { object, property } = inner as { object?: unknown; property?: unknown };
        if (isGuard(inner, this.#names)) return false;
        if (this.#names.namespaces.has(nameOf(object) ?? '') || this.has(object)) return true;
        return inner['computed'] !== true && this.#members.has(nameOf(property) ?? '') && !GLOBALS.has(nameOf(object) ?? '');
      }
      case 'CallExpression':
        return this.#isTraceCall(inner['callee']);
      case 'NewExpression':
        return this.#names.values.has(nameOf(inner['callee']) ?? '') || this.#isOfNamespace(inner['callee']);
      case 'LogicalExpression':
        return this.has(inner['left']) || this.has(inner['right']);
      case 'ConditionalExpression':
        return this.has(inner['consequent']) || this.has(inner['alternate']);
      default:
        return false;
    }
  }

  /** Whether an expression, as a statement, does nothing but tracing. */
  isWholly(node: unknown): boolean {
    if (!isNode(node)) return false;
    const inner = unwrapped(node);
    switch (inner.type) {
      case 'AssignmentExpression':
        return this.has(inner['left']);
      case 'SequenceExpression':
        return nodesOf(inner['expressions']).every((part) => isGuard(part, this.#names) || this.isWholly(part));
      case 'LogicalExpression':
        return truthWhenOff(inner['left'], this.#names) === (inner['operator'] === '||') || (truthWhenOff(inner['left'], this.#names) === false && inner['operator'] === '&&') || this.has(inner['right']);
      case 'ConditionalExpression':
        return truthWhenOff(inner['test'], this.#names) !== undefined && this.has(inner['consequent']);
      case 'UnaryExpression':
        return inner['operator'] === 'void' && this.isWholly(inner['argument']);
      default:
        return this.has(inner);
    }
  }

  /** Whether something of the trace is anywhere in a node. */
  isIn(node: unknown): boolean {
    if (!isNode(node)) return false;
    if (this.has(node)) return true;
    for (const child of childrenOf(node)) if (this.isIn(child)) return true;
    return false;
  }

  #isTraceCall(callee: unknown): boolean {
    if (!isNode(callee)) return false;
    const inner = unwrapped(callee);
    if (inner.type !== 'MemberExpression') return this.#names.values.has(nameOf(inner) ?? '');
    if (this.#isOfNamespace(inner)) return true;
    // A member that is called is a method of something else that has the same name.
    return WRITERS.has(nameOf(inner['property']) ?? '') || this.has(inner['object']);
  }

  #isOfNamespace(node: unknown): boolean {
    return isNode(node) && node.type === 'MemberExpression' && this.#names.namespaces.has(nameOf(node['object']) ?? '');
  }

  /** Names that are declared for the trace, and for nothing else in this file. */
  #localsOf(program: AstNode): Set<string> {
    const traced = new Set<string>();
    const other = new Set<string>();
    const declare = (target: unknown, isTraced: boolean): void => {
      if (!isNode(target)) return;
      if (target.type === 'Identifier') (isTraced || isTraceType(target['typeAnnotation'], this.#names) ? traced : other).add(nameOf(target) ?? '');
      else if (target.type === 'AssignmentPattern') declare(target['left'], isTraced || this.has(target['right']));
      else if (target.type === 'RestElement') declare(target['argument'], isTraced);
      else if (target.type === 'ArrayPattern') for (const element of nodesOf(target['elements'])) declare(element, false);
      else if (target.type === 'ObjectPattern') {
        for (const property of nodesOf(target['properties'])) declare(property['value'] ?? property['argument'], this.#members.has(nameOf(property['key']) ?? ''));
      }
    };
    const visit = (node: AstNode): void => {
      if (node.type === 'VariableDeclarator') declare(node['id'], this.has(node['init']));
      else if (['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type)) {
        for (const parameter of nodesOf(node['params'])) declare(parameter, false);
      }
      for (const child of childrenOf(node)) visit(child);
    };
    visit(program);
    return new Set([...traced].filter((name) => !other.has(name)));
  }
}
