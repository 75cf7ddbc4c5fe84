import { childrenOf, isNode, nameOf, nodesOf, type AstNode } from './syntax.ts';

/** The packages whose `TRACE` guards. */
export const TRACE_PACKAGES: readonly string[] = ['@p2p/trace', '@p2p/trace-noop'];

/** Methods of an event log by names that nothing else has. */
export const WRITERS: ReadonlySet<string> = new Set([
  'connInit',
  'connEstablished',
  'connClosed',
  'streamOpened',
  'streamData',
  'streamClosed',
  'packetSent',
  'packetReceived',
  'packetLost',
  'appStart',
  'appCommand',
  'appEnd',
  'spanStart',
  'spanEnd',
]);

/** What a file calls the things of the trace package. */
export interface TraceNames {
  /** Local names of `TRACE`. */
  readonly guards: ReadonlySet<string>;
  /** Local names of every other value, such as `newTrace`. */
  readonly values: ReadonlySet<string>;
  /** Names by which types of it are referred to, classes included. */
  readonly types: ReadonlySet<string>;
  /** Local names of `import * as`. */
  readonly namespaces: ReadonlySet<string>;
}

/** Whether an import is of the trace package, or of a file that is there for tracing alone. */
export type IsTraceSource = (specifier: string) => 'package' | 'file' | undefined;

export function traceNames(program: AstNode, isTraceSource: IsTraceSource): TraceNames {
  const guards = new Set<string>();
  const values = new Set<string>();
  const types = new Set<string>();
  const namespaces = new Set<string>();
  for (const statement of nodesOf(program['body'])) {
    const source = statement.type === 'ImportDeclaration' ? isTraceSource(nameOf(statement['source']) ?? '') : undefined;
    if (source === undefined) continue;
    for (const specifier of nodesOf(statement['specifiers'])) {
      const local = nameOf(specifier['local']);
      if (local === undefined) continue;
      const typeOnly = statement['importKind'] === 'type' || specifier['importKind'] === 'type';
      if (specifier.type === 'ImportNamespaceSpecifier') namespaces.add(local);
      else if (nameOf(specifier['imported']) === 'TRACE' && !typeOnly && source === 'package') guards.add(local);
      else {
        types.add(local);
        if (!typeOnly) values.add(local);
      }
    }
  }
  return { guards, values, types, namespaces };
}

const EMPTY_TYPES: ReadonlySet<string> = new Set(['TSUndefinedKeyword', 'TSNullKeyword']);
const CONTAINERS: ReadonlySet<string> = new Set(['Map', 'Set', 'WeakMap', 'Array', 'ReadonlyMap', 'ReadonlySet', 'ReadonlyArray', 'Readonly', 'Pick', 'Omit', 'Partial']);

/** Whether a type speaks of the trace alone: one of its types, a container of one, or one or nothing. */
export function isTraceType(type: unknown, names: TraceNames): boolean {
  if (!isNode(type)) return false;
  switch (type.type) {
    case 'TSTypeAnnotation':
    case 'TSParenthesizedType':
    case 'TSTypeOperator':
      return isTraceType(type['typeAnnotation'], names);
    case 'TSTypeReference': {
      const name = type['typeName'];
      if (isNode(name) && name.type === 'TSQualifiedName') return names.namespaces.has(nameOf(name['left']) ?? '');
      const plain = nameOf(name) ?? '';
      const parameters = nodesOf(isNode(type['typeArguments']) ? type['typeArguments']['params'] : undefined);
      return names.types.has(plain) || (CONTAINERS.has(plain) && parameters.some((parameter) => isTraceType(parameter, names)));
    }
    case 'TSArrayType':
      return isTraceType(type['elementType'], names);
    case 'TSUnionType': {
      const parts = nodesOf(type['types']).filter((part) => !EMPTY_TYPES.has(part.type));
      return parts.length > 0 && parts.every((part) => isTraceType(part, names));
    }
    default:
      return false;
  }
}

/** Members that interfaces, object types and classes declare: those of a trace type, and all others. */
export interface MemberNames {
  readonly traced: Set<string>;
  readonly other: Set<string>;
}

/** Adds what one file declares. */
export function collectMembers(program: AstNode, names: TraceNames, into: MemberNames): void {
  const visit = (node: AstNode): void => {
    if (['TSPropertySignature', 'PropertyDefinition', 'AccessorProperty', 'MethodDefinition', 'TSMethodSignature', 'TSAbstractPropertyDefinition'].includes(node.type) && node['computed'] !== true) {
      const name = nameOf(node['key']);
      if (name !== undefined) (isTraceType(node['typeAnnotation'], names) ? into.traced : into.other).add(name);
    }
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program);
}

/** Members that are of a trace type wherever the program declares them. */
export function tracedMembers({ traced, other }: MemberNames): ReadonlySet<string> {
  return new Set([...traced].filter((name) => !other.has(name)));
}
