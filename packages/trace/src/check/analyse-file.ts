import { applyEdits, type Edit } from './edits.ts';
import type { ParsedFile } from './parser.ts';
import { TraceReferences } from './references.ts';
import { childrenOf, isNode, isTypeOnly, nameOf, nodesOf, placeOf, unwrapped, type AstNode } from './syntax.ts';
import { isTraceType, traceNames, type IsTraceSource, type TraceNames } from './trace-names.ts';
import { ADVICE, type SiteKind, type TraceSite } from './trace-sites.ts';
import { beginsWithGuard, isGuard, truthWhenOff } from './truth.ts';
import { unusedDeclarations } from './unused-declarations.ts';

/** A file without its trace statements, and the places that are not guarded. */
export interface FileAnalysis {
  /** The text as if nobody had ever thought of tracing. */
  readonly stripped: string;
  readonly sites: readonly TraceSite[];
  /** Declarations that only tracing uses, which some bundlers leave behind. */
  readonly leftovers: readonly TraceSite[];
  /** How many pieces were taken away. */
  readonly removed: number;
}

const CODE_LENGTH = 60;
const STATEMENT_LISTS: ReadonlySet<string> = new Set(['Program', 'BlockStatement', 'StaticBlock', 'SwitchCase', 'TSModuleBlock']);

const LOOPS: ReadonlySet<string> = new Set(['ForStatement', 'ForInStatement', 'ForOfStatement']);

/**
 * Takes out of a file what serves tracing alone: guarded statements, what stands unguarded as well (and is
 * listed), the imports, and declarations that nothing else uses.
 * @param members names of members that are of a trace type, see `tracedMembers`
 */
export function analyseFile(file: ParsedFile, isTraceSource: IsTraceSource, members: ReadonlySet<string>): FileAnalysis {
  const pass = new Pass(file, traceNames(file.program, isTraceSource), isTraceSource, members);
  pass.visit(file.program, undefined);
  const edits = [...pass.edits];
  if (edits.length > 0) edits.push(...unusedDeclarations(file.program, edits));
  const gone = edits.slice(pass.edits.length);
  return {
    stripped: applyEdits(file.text, edits),
    // What only tracing reaches costs nothing where it is not reached.
    sites: pass.sites.filter(({ offset }) => !gone.some(({ start, end }) => start <= offset && offset < end)).map(({ site }) => site),
    leftovers: pass.leftovers(gone),
    removed: edits.length,
  };
}

class Pass {
  readonly edits: Edit[] = [];
  readonly sites: { readonly offset: number; readonly site: TraceSite }[] = [];
  readonly #file: ParsedFile;
  readonly #names: TraceNames;
  readonly #isTraceSource: IsTraceSource;
  readonly #references: TraceReferences;
  readonly #empty: AstNode[] = [];

  constructor(file: ParsedFile, names: TraceNames, isTraceSource: IsTraceSource, members: ReadonlySet<string>) {
    this.#file = file;
    this.#names = names;
    this.#isTraceSource = isTraceSource;
    this.#references = new TraceReferences(file.program, names, members);
  }

  /** Variables, and private members, that nothing else uses. */
  leftovers(gone: readonly Edit[]): TraceSite[] {
    const declarations: AstNode[] = [];
    const visit = (node: AstNode): void => {
      if (['MethodDefinition', 'PropertyDefinition', 'VariableDeclaration'].includes(node.type) && gone.some(({ start }) => start === node.start)) declarations.push(node);
      for (const child of childrenOf(node)) visit(child);
    };
    visit(this.#file.program);
    return [...this.#empty, ...declarations].map((node) => this.#siteOf(node, 'leftover'));
  }

  visit(node: AstNode, parent: AstNode | undefined): void {
    if (isTypeOnly(node)) return;
    switch (node.type) {
      case 'ImportDeclaration':
        return this.#import(node);
      case 'ExportAllDeclaration':
      case 'ExportNamedDeclaration':
        if (this.#isTraceSource(nameOf(node['source']) ?? '') === 'package') return this.#take(node, 'export');
        break;
      case 'IfStatement':
        if (this.#if(node, parent)) return;
        break;
      case 'ConditionalExpression':
        if (this.#conditional(node)) return;
        break;
      case 'ExpressionStatement':
        if (this.#references.isWholly(node['expression'])) return this.#statement(node, parent);
        break;
      case 'LogicalExpression':
        if (truthWhenOff(node, this.#names) === false && !isGuard(node, this.#names)) {
          if (this.#references.isIn(node['right'])) this.#report(node, 'expression');
          return this.#replace(node, 'false');
        }
        break;
      case 'SequenceExpression':
        return this.#sequence(node);
      case 'VariableDeclaration':
        if (!LOOPS.has(parent?.type ?? '') && this.#variables(node)) return;
        break;
      case 'PropertyDefinition':
        if (isTraceType(node['typeAnnotation'], this.#names)) return node['declare'] === true ? undefined : this.#take(node, 'field');
        break;
      case 'ObjectExpression':
        return this.#list(node, 'properties', 'property', (property) => this.#references.has(property['value']), node);
      case 'CallExpression':
      case 'NewExpression':
        if (this.#references.has(node)) return this.#report(node, node.type === 'NewExpression' ? 'reference' : 'call');
        return this.#list(node, 'arguments', 'argument', (argument) => this.#references.has(argument), node);
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return this.#list(node, 'params', 'parameter', (parameter) => this.#isTraceParameter(parameter), node);
      case 'Identifier':
      case 'MemberExpression':
        return this.#use(node, parent);
      default:
    }
    for (const child of childrenOf(node)) this.visit(child, node);
  }

  #import(node: AstNode): void {
    if (this.#isTraceSource(nameOf(node['source']) ?? '') === undefined) return;
    if (nodesOf(node['specifiers']).length === 0) this.#report(node, 'import');
    this.#replace(node, '');
  }

  /** Takes a guarded statement away, or the guard off what stays. */
  #if(node: AstNode, parent: AstNode | undefined): boolean {
    const { test, consequent, alternate } = node as { test?: unknown; consequent?: unknown; alternate?: unknown };
    const truth = truthWhenOff(test, this.#names);
    if (truth === undefined) {
      if (!isNode(test) || !this.#guardIn(test) || beginsWithGuard(test, this.#names)) return false;
      this.#report(test, 'order');
      // It is guarded all the same.
      this.visit(test, node);
      if (isNode(alternate)) this.visit(alternate, node);
      return true;
    }
    const kept = truth ? consequent : alternate;
    if (!isNode(kept)) {
      const inList = parent === undefined || STATEMENT_LISTS.has(parent.type);
      this.#replace(node, inList ? '' : '{}');
      return true;
    }
    this.edits.push({ start: node.start, end: kept.start, text: '' }, { start: kept.end, end: node.end, text: '' });
    this.visit(kept, node);
    return true;
  }

  #conditional(node: AstNode): boolean {
    const truth = truthWhenOff(node['test'], this.#names);
    const kept = node[truth === true ? 'consequent' : 'alternate'];
    if (truth === undefined || !isNode(kept)) return false;
    const dropped = node[truth ? 'alternate' : 'consequent'];
    if (this.#references.isIn(dropped)) this.#report(node, 'expression');
    this.edits.push({ start: node.start, end: kept.start, text: '(' }, { start: kept.end, end: node.end, text: ')' });
    this.visit(kept, node);
    return true;
  }

  #statement(node: AstNode, parent: AstNode | undefined): void {
    const { type } = unwrapped(node['expression'] as AstNode);
    this.#report(node, type === 'LogicalExpression' || type === 'ConditionalExpression' || type === 'SequenceExpression' ? 'expression' : 'call');
    this.#replace(node, parent === undefined || STATEMENT_LISTS.has(parent.type) ? '' : '{}');
  }

  /** Takes the parts away that only trace. The last one is the value. */
  #sequence(node: AstNode): void {
    const all = nodesOf(node['expressions']);
    const value = all.at(-1);
    for (const part of all) {
      if (part === value || (!isGuard(part, this.#names) && !this.#references.isWholly(part))) this.visit(part, node);
      else {
        if (!isGuard(part, this.#names)) this.#report(part, 'expression');
        this.#drop(part, all);
      }
    }
  }

  /** Takes away what is declared for the trace; true when nothing is left of the declaration. */
  #variables(node: AstNode): boolean {
    const all = nodesOf(node['declarations']);
    const traced = all.filter((declarator) => this.#references.has(declarator['id']));
    for (const declarator of traced) {
      if (isNode(declarator['init'])) this.#report(declarator, 'variable');
      else this.#empty.push(declarator);
    }
    if (traced.length === all.length) {
      this.#replace(node, '');
      return true;
    }
    for (const declarator of traced) this.#drop(declarator, all);
    for (const declarator of all) if (!traced.includes(declarator)) this.visit(declarator, node);
    return true;
  }

  /** Takes members of a comma-separated list away and visits the others. */
  #list(node: AstNode, field: string, kind: SiteKind, isTraced: (member: AstNode) => boolean, parent: AstNode): void {
    const all = nodesOf(node[field]);
    for (const member of all) {
      if (!isTraced(member)) continue;
      this.#report(member, kind);
      this.#drop(member, all);
    }
    for (const child of childrenOf(node)) if (!all.includes(child) || !isTraced(child)) this.visit(child, parent);
  }

  #isTraceParameter(parameter: AstNode): boolean {
    const target = parameter.type === 'AssignmentPattern' ? parameter['left'] : parameter;
    return isNode(target) && isTraceType(target['typeAnnotation'], this.#names);
  }

  #use(node: AstNode, parent: AstNode | undefined): void {
    if (isGuard(node, this.#names)) {
      if (!isDeclaredName(node, parent)) this.#replace(node, parent?.type === 'Property' && parent['shorthand'] === true ? 'TRACE: false' : 'false');
    } else if (this.#references.has(node) && !isDeclaredName(node, parent)) this.#report(node, 'reference');
    else if (node.type === 'MemberExpression') for (const child of childrenOf(node)) if (child !== node['property'] || node['computed'] === true) this.visit(child, node);
  }

  #guardIn(node: AstNode): boolean {
    if (isGuard(node, this.#names)) return true;
    for (const child of childrenOf(node)) if (this.#guardIn(child)) return true;
    return false;
  }

  #take(node: AstNode, kind: SiteKind): void {
    this.#report(node, kind);
    this.#replace(node, '');
  }

  #replace(node: AstNode, text: string): void {
    this.edits.push({ start: node.start, end: node.end, text });
  }

  /** With the comma that follows, or before the last one the comma that precedes. */
  #drop(member: AstNode, all: readonly AstNode[]): void {
    const at = all.indexOf(member);
    const next = all[at + 1];
    const previous = all[at - 1];
    if (next !== undefined) this.edits.push({ start: member.start, end: next.start, text: '' });
    else this.edits.push({ start: previous === undefined ? member.start : previous.end, end: member.end, text: '' });
  }

  #report(node: AstNode, kind: SiteKind): void {
    this.sites.push({ offset: node.start, site: this.#siteOf(node, kind) });
  }

  #siteOf(node: AstNode, kind: SiteKind): TraceSite {
    const { path: file, text } = this.#file;
    const code = text.slice(node.start, node.end).split('\n')[0] ?? '';
    return { file, ...placeOf(text, node.start), kind, advice: ADVICE[kind], code: code.length > CODE_LENGTH ? `${code.slice(0, CODE_LENGTH)}…` : code };
  }
}

/** Where an identifier only names a member, a key or a declaration. */
function isDeclaredName(node: AstNode, parent: AstNode | undefined): boolean {
  if (parent === undefined || node.type !== 'Identifier') return false;
  if (parent.type === 'MemberExpression') return parent['property'] === node && parent['computed'] !== true;
  if (['Property', 'MethodDefinition', 'PropertyDefinition'].includes(parent.type)) return parent['key'] === node && parent['value'] !== node && parent['computed'] !== true;
  return ['VariableDeclarator', 'LabeledStatement', 'BreakStatement', 'ContinueStatement'].includes(parent.type) && parent['init'] !== node;
}
