import { beforeAll, describe, expect, test } from 'vitest';
import { analyseFile, type FileAnalysis } from '../../../src/check/analyse-file.ts';
import { loadParser, type Parse } from '../../../src/check/parser.ts';
import { collectMembers, TRACE_PACKAGES, tracedMembers, traceNames, type IsTraceSource } from '../../../src/check/trace-names.ts';

const HEAD = "import { TRACE, newTrace, type EventLog, type TraceContext } from '@p2p/trace';";
const isTraceSource: IsTraceSource = (specifier) => (TRACE_PACKAGES.includes(specifier) ? 'package' : undefined);
let parse: Parse;
beforeAll(async () => {
  parse = await loadParser(import.meta.dirname);
});

function analyse(body: string, head = HEAD): FileAnalysis {
  const file = parse('probe.ts', `${head}\n${body}`);
  const members = { traced: new Set<string>(), other: new Set<string>() };
  collectMembers(file.program, traceNames(file.program, isTraceSource), members);
  return analyseFile(file, isTraceSource, tracedMembers(members));
}

const squeezed = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
const strip = (body: string, head?: string): string => squeezed(analyse(body, head).stripped);
const kinds = (body: string, head?: string): string[] => analyse(body, head).sites.map(({ kind, line, column }) => `${kind} ${line}:${column}`);

describe('what is guarded is taken out, whatever the guard looks like, and is no site', () => {
  test.each([
    ['a statement', 'before(); if (TRACE) log.packetSent(c, p, 1, 2); after();', 'before(); after();'],
    ['a block', 'if (TRACE) { one(); two(); } after();', 'after();'],
    ['a condition that begins with it', 'if (TRACE && busy()) log.packetLost(c, p, 2);', ''],
    ['its other branch stays', 'if (TRACE) one(); else two();', 'two();'],
    ['its negation stays', 'if (!TRACE) refuse(); else show();', 'refuse();'],
    ['its negation before something else', 'if (!TRACE && busy()) refuse();', 'if (!false && busy()) refuse();'],
    ['a negated alternative', 'if (!TRACE || busy()) refuse();', 'refuse();'],
    ['an else-if', 'if (a()) one(); else if (TRACE) two();', 'if (a()) one(); else {}'],
    ['the body of a loop', 'for (const x of xs) if (TRACE) one(x);', 'for (const x of xs) {}'],
    ['nested in what stays', 'if (!TRACE) { if (TRACE) one(); two(); }', '{ two(); }'],
  ])('%s', (_name, body, expected) => {
    expect(strip(body)).toBe(expected);
    expect(kinds(body)).toEqual([]);
  });

  test('under another name, as a namespace, and from the twin', () => {
    expect(strip('if (on) one(); two();', "import { TRACE as on } from '@p2p/trace-noop';")).toBe('two();');
    expect(strip('if (trace.TRACE) one(); two();', "import * as trace from '@p2p/trace';")).toBe('two();');
    expect(kinds('if (trace.TRACE) trace.newTrace(); two();', "import * as trace from '@p2p/trace';")).toEqual([]);
  });

  test('another package may have a TRACE of its own', () => {
    expect(strip('if (TRACE) one();', "import { TRACE } from './mine.ts';")).toBe("import { TRACE } from './mine.ts'; if (TRACE) one();");
  });

  test('the value itself says false', () => {
    expect(strip('show({ traced: TRACE, TRACE });')).toBe('show({ traced: false, TRACE: false });');
    expect(kinds('show({ traced: TRACE });')).toEqual([]);
  });
});

describe('what only tracing uses goes with it', () => {
  test('imports, functions, private members and variables', () => {
    const body = `
      import { item, other } from './x.ts';
      function format(x: number): number { return item(x); }
      class A {
        #seen = 0;
        #note(x: number): void { this.#seen = format(x); }
        run(x: number): number {
          const begun = clock();
          let later;
          if (TRACE) { this.#note(begun); later = 1; }
          return other(x);
        }
      }`;
    const { stripped, sites, leftovers } = analyse(body);
    expect(squeezed(stripped)).toBe("import { other } from './x.ts'; class A { run(x: number): number { return other(x); } }");
    expect(sites).toEqual([]);
    expect(leftovers.map(({ code }) => code)).toEqual(['#seen = 0;', '#note(x: number): void { this.#seen = format(x); }', 'const begun = clock();', 'let later;']);
  });

  test('an import of nothing else goes whole, and types stay', () => {
    expect(strip("import { item } from './x.ts';\nimport type { Item } from './x.ts';\nif (TRACE) item();\nlet a: Item;")).toBe("import type { Item } from './x.ts'; let a: Item;");
  });

  test('what something else uses as well, what nothing uses, and what is exported stay', () => {
    const body = 'function a() {} function b() {} export function c() {} if (TRACE) { a(); c(); } a();';
    expect(strip(body)).toBe('function a() {} function b() {} export function c() {} a();');
  });

  test('names of other scopes are others', () => {
    expect(strip('function f() { let x = 1; if (TRACE) g(x); } function h() { let x = 2; g(x); }')).toBe('function f() { } function h() { let x = 2; g(x); }');
  });

  test('a field that is only declared costs nothing', () => {
    const body = 'class A { declare log: EventLog; constructor(m: M) { if (TRACE) this.log = m.log; } }';
    expect(strip(body)).toBe('class A { declare log: EventLog; constructor(m: M) { } }');
    expect(kinds(body)).toEqual([]);
  });
});

describe('what is not guarded is named with its place, and taken out all the same, so that the bundles differ', () => {
  test.each([
    ['a call of a writer', 'log.packetSent(c, p, 1, 2); after();', ['call 2:1'], 'after();'],
    ['an optional one', 'this.m.trace?.appEnd(c, p, id, 1, true);', ['call 2:1'], ''],
    ['an and-expression', 'TRACE && log.packetSent(c, p, 1, 2);', ['expression 2:1'], ''],
    ['a choice', 'TRACE ? log.packetSent(c, p, 1, 2) : undefined;', ['expression 2:1'], ''],
    ['a comma', 'TRACE, log.packetSent(c, p, 1, 2);', ['expression 2:1'], ''],
    ['a comma before a value', 'f((TRACE, log.packetLost(c, p, 1), 2));', ['expression 2:11'], 'f((2));'],
    ['a value made of one', 'const x = TRACE ? newTrace() : 0; use(x);', ['variable 2:7', 'argument 2:39'], 'use();'],
    ['a context that is always made', 'const context = newTrace(); f(context, 1);', ['variable 2:7', 'argument 2:31'], 'f(1);'],
    ['the guard behind something else', 'if (a() && TRACE) log.packetLost(c, p, 1);', ['order 2:5'], 'if (a() && false) log.packetLost(c, p, 1);'],
    ['a parameter', 'function f(a: number, log?: EventLog) { return a; }', ['parameter 2:23'], 'function f(a: number) { return a; }'],
    ['a field', 'class A { #log: EventLog | undefined; b = 1; }', ['field 2:11'], 'class A { b = 1; }'],
    ['a map of contexts', 'class A { readonly #spans: Map<bigint, TraceContext> = new Map(); }', ['field 2:11'], 'class A { }'],
    ['a property', 'function f(log: EventLog, g: () => void) { h({ a: 1, log }); }', ['parameter 2:12', 'property 2:54'], 'function f(g: () => void) { h({ a: 1 }); }'],
    ['a use of a declared member', 'interface M { trace?: EventLog } function f(m: M) { g(m.trace); }', ['argument 2:55'], 'interface M { trace?: EventLog } function f(m: M) { g(); }'],
    ['a re-export', "export { TRACE } from '@p2p/trace';", ['export 2:1'], ''],
    ['an import for its effects', "import '@p2p/trace';", ['import 2:1'], ''],
  ])('%s', (_name, body, expectedKinds, expected) => {
    expect(kinds(body)).toEqual(expectedKinds);
    expect(strip(body)).toBe(expected);
  });

  test('members of other things with the same name are left alone', () => {
    expect(kinds('interface M { log: EventLog } console.log(1); pino.trace(1);')).toEqual([]);
    expect(kinds('interface M { log: EventLog } class Logger { log(x: string) {} } f(logger.log);')).toEqual([]);
    expect(kinds('function a(log: EventLog) { if (TRACE) log.packetLost(c, p, 1); } function b(log: Logger) { f(log); }')).toEqual(['parameter 2:12']);
  });

  test('not where nothing but tracing gets', () => {
    expect(kinds('function note(context: TraceContext) { log.packetLost(context, p, 1); } if (TRACE) note(newTrace());')).toEqual([]);
  });
});
