import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { analyseFile, type FileAnalysis } from './analyse-file.ts';
import { CheckError } from './errors.ts';
import type { Parse, ParsedFile } from './parser.ts';
import type { Program } from './program.ts';
import { collectMembers, tracedMembers, traceNames } from './trace-names.ts';
import type { TraceSite } from './trace-sites.ts';

const ENDINGS: readonly string[] = ['', '.ts', '.tsx', '.mts', '.js', '.mjs', '.jsx', '/index.ts', '/index.js'];
const TYPESCRIPT_OF: Readonly<Record<string, string>> = { '.js': '.ts', '.mjs': '.mts', '.jsx': '.tsx' };
/** Files that can hold trace statements. */
export const SCRIPT: RegExp = /\.(?:[cm]?[jt]s|[jt]sx)$/;

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The file that a relative specifier means; undefined for one that is none, or that is not there. */
export function resolveRelative(specifier: string, importer: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const base = join(dirname(importer), specifier);
  const source = base.replace(/\.(?:m?js|jsx)$/, (ending) => TYPESCRIPT_OF[ending] ?? ending);
  return [...ENDINGS.map((ending) => base + ending), source].find(isFile);
}

/** The sources of one program: its entries and all that they reach by relative imports. */
export class ProgramSources implements Program {
  readonly parse: Parse;
  readonly #packages: readonly string[];
  #members: ReadonlySet<string> = new Set();
  /** Files that only guarded statements reach: what they export is the trace's, too. */
  #traceFiles: ReadonlySet<string> = new Set();
  readonly #parsed = new Map<string, ParsedFile>();
  readonly #analysed = new Map<string, FileAnalysis>();
  readonly #entries: readonly string[];

  /** @throws CheckError CHECK_UNREADABLE, CHECK_SYNTAX */
  constructor(entries: readonly string[], packages: readonly string[], parse: Parse) {
    this.#entries = entries;
    this.parse = parse;
    this.#packages = packages;
    // Types as well: the interface that holds the log is often in a file of its own.
    const all = this.#walk((path) => this.#file(path), 'types too');
    this.#learnMembers(all);
    // A first look tells which files are there for tracing alone, a second one counts what they export as tracing.
    const kept = new Set(this.#walk((path) => this.#strippedFile(path), 'values'));
    this.#traceFiles = new Set(this.#walk((path) => this.#file(path), 'values').filter((path) => !kept.has(path)));
    this.#analysed.clear();
    this.#learnMembers(all);
  }

  /** Whether a file belongs to the program. */
  has(path: string): boolean {
    return this.#parsed.has(path);
  }

  text(path: string): string {
    return this.#file(path).text;
  }

  /** One file without its trace statements. */
  stripped(path: string): string {
    return this.#analysis(path).stripped;
  }

  /** Files of the program when nothing traces, and the places in them that are not guarded. */
  survey(): { readonly files: readonly string[]; readonly sites: readonly TraceSite[]; readonly leftovers: readonly TraceSite[]; readonly removed: number } {
    const files = this.#walk((path) => this.#strippedFile(path), 'values');
    const analyses = files.map((path) => this.#analysis(path));
    return {
      files,
      sites: analyses.flatMap(({ sites }) => sites),
      leftovers: analyses.flatMap(({ leftovers }) => leftovers),
      removed: analyses.reduce((sum, { removed }) => sum + removed, 0),
    };
  }

  #analysis(path: string): FileAnalysis {
    let analysis = this.#analysed.get(path);
    if (analysis === undefined) this.#analysed.set(path, (analysis = analyseFile(this.#file(path), (specifier) => this.#isTrace(specifier, path), this.#members)));
    return analysis;
  }

  #isTrace(specifier: string, importer: string): 'package' | 'file' | undefined {
    if (this.#packages.includes(specifier)) return 'package';
    const target = this.#traceFiles.size === 0 ? undefined : resolveRelative(specifier, importer);
    return target !== undefined && this.#traceFiles.has(target) ? 'file' : undefined;
  }

  #learnMembers(files: readonly string[]): void {
    const members = { traced: new Set<string>(), other: new Set<string>() };
    for (const path of files) {
      if (!SCRIPT.test(path) || this.#traceFiles.has(path)) continue;
      const { program } = this.#file(path);
      collectMembers(program, traceNames(program, (specifier) => this.#isTrace(specifier, path)), members);
    }
    this.#members = tracedMembers(members);
  }

  #strippedFile(path: string): ParsedFile {
    return this.parse(path, this.stripped(path));
  }

  #file(path: string): ParsedFile {
    let file = this.#parsed.get(path);
    if (file === undefined) this.#parsed.set(path, (file = this.parse(path, readSource(path))));
    return file;
  }

  #walk(read: (path: string) => ParsedFile, edges: 'values' | 'types too'): string[] {
    const reached = new Set(this.#entries);
    for (const path of reached) {
      if (!SCRIPT.test(path)) continue;
      for (const specifier of specifiersOf(read(path), edges)) {
        const target = resolveRelative(specifier, path);
        if (target !== undefined && SCRIPT.test(target)) reached.add(target);
      }
    }
    return [...reached];
  }
}

function readSource(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CheckError('CHECK_UNREADABLE', `cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function specifiersOf({ module, text }: ParsedFile, edges: 'values' | 'types too'): string[] {
  const counts = (entries: readonly { readonly isType: boolean }[]): boolean => edges === 'types too' || entries.length === 0 || entries.some(({ isType }) => !isType);
  return [
    ...module.staticImports.filter(({ entries }) => counts(entries)).map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.filter(({ entries }) => counts(entries)).flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])),
    ...module.dynamicImports.flatMap(({ moduleRequest }) => /^['"`](.*)['"`]$/s.exec(text.slice(moduleRequest.start, moduleRequest.end))?.[1] ?? []),
  ];
}
