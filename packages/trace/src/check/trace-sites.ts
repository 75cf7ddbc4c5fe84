/** What is wrong about a place that traces. */
export type SiteKind = 'call' | 'expression' | 'order' | 'field' | 'parameter' | 'variable' | 'property' | 'argument' | 'import' | 'export' | 'reference' | 'leftover';

/** A place that costs something when tracing is off. */
export interface TraceSite {
  /** As it was given, or found from there. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly kind: SiteKind;
  /** What to do about it. */
  readonly advice: string;
  /** The beginning of it. */
  readonly code: string;
}

export const ADVICE: Readonly<Record<SiteKind, string>> = {
  call: 'not guarded: make it `if (TRACE) …;`',
  expression: 'guarded by an expression, of which bundlers leave bytes: make it a statement, `if (TRACE) …;`',
  order: '`TRACE` must come first in the condition: what stands before it is evaluated in every build',
  field: 'this field stays in the class: declare it (`declare name: Type;`) and assign it under `if (TRACE)`',
  parameter: 'this parameter stays: give the log in an object that the function gets anyway, set under `if (TRACE)`',
  variable: 'this variable is filled in every build: declare it without a value and assign it under `if (TRACE)`',
  property: 'this property stays in the object: assign it under `if (TRACE)`',
  argument: 'this argument is passed in every build: give it in an object, set under `if (TRACE)`',
  import: 'an import for side effects cannot be removed: import the names that are used',
  export: 'this passes the trace on to every build: import from the trace package where it is used',
  leftover: 'only tracing uses it, and some bundlers leave it: keep it in an object, or build the default flavour with rolldown first',
  reference: 'not guarded: use it under `if (TRACE)` only',
};
