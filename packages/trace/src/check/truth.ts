import { isNode, nameOf, unwrapped, type AstNode } from './syntax.ts';
import type { TraceNames } from './trace-names.ts';

/** Whether an expression is `TRACE` itself. */
export function isGuard(node: AstNode, names: TraceNames): boolean {
  const inner = unwrapped(node);
  if (inner.type === 'Identifier') return names.guards.has(nameOf(inner) ?? '');
  return inner.type === 'MemberExpression' && names.namespaces.has(nameOf(inner['object']) ?? '') && nameOf(inner['property']) === 'TRACE';
}

/** The value of a condition when `TRACE` is false; undefined where that does not decide it. */
export function truthWhenOff(node: unknown, names: TraceNames): boolean | undefined {
  if (!isNode(node)) return undefined;
  const inner = unwrapped(node);
  if (isGuard(inner, names)) return false;
  if (inner.type === 'UnaryExpression' && inner['operator'] === '!') {
    const truth = truthWhenOff(inner['argument'], names);
    return truth === undefined ? undefined : !truth;
  }
  if (inner.type === 'LogicalExpression') {
    const left = truthWhenOff(inner['left'], names);
    // What is left of the operator is evaluated in any case: only a decided left side decides.
    if (inner['operator'] === '&&') return left === true ? truthWhenOff(inner['right'], names) : left;
    if (inner['operator'] === '||') return left === false ? truthWhenOff(inner['right'], names) : left;
  }
  return undefined;
}

/** Whether a condition asks for `TRACE`, or its negation, before anything else. */
export function beginsWithGuard(node: unknown, names: TraceNames): boolean {
  if (!isNode(node)) return false;
  const inner = unwrapped(node);
  if (inner.type === 'LogicalExpression') return beginsWithGuard(inner['left'], names);
  if (inner.type === 'UnaryExpression' && inner['operator'] === '!') return beginsWithGuard(inner['argument'], names);
  return isGuard(inner, names);
}
