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
  readonly #members: ReadonlySet<string>;
  readonly #parsed = new Map<string, ParsedFile>();
  readonly #analysed = new Map<string, FileAnalysis>();
  readonly #entries: readonly string[];

  /** @throws CheckError CHECK_UNREADABLE, CHECK_SYNTAX */
  constructor(entries: readonly string[], packages: readonly string[], parse: Parse) {
    this.#entries = entries;
    this.parse = parse;
    this.#packages = packages;
    const members = { traced: new Set<string>(), other: new Set<string>() };
    // Types as well: the interface that holds the log is often in a file of its own.
    for (const path of this.#walk((path) => this.#file(path))) {
      const { program } = this.#file(path);
      collectMembers(program, traceNames(program, packages), members);
    }
    this.#members = tracedMembers(members);
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
    const files = this.#walk((path) => this.parse(path, this.stripped(path)));
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
    if (analysis === undefined) this.#analysed.set(path, (analysis = analyseFile(this.#file(path), this.#packages, this.#members)));
    return analysis;
  }

  #file(path: string): ParsedFile {
    let file = this.#parsed.get(path);
    if (file === undefined) this.#parsed.set(path, (file = this.parse(path, readSource(path))));
    return file;
  }

  #walk(read: (path: string) => ParsedFile): string[] {
    const reached = new Set(this.#entries);
    for (const path of reached) {
      if (!SCRIPT.test(path)) continue;
      for (const specifier of specifiersOf(read(path))) {
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

function specifiersOf({ module, text }: ParsedFile): string[] {
  return [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])),
    ...module.dynamicImports.flatMap(({ moduleRequest }) => /^['"`](.*)['"`]$/s.exec(text.slice(moduleRequest.start, moduleRequest.end))?.[1] ?? []),
  ];
}
