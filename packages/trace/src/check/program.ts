import { dirname, resolve } from 'node:path';
import { ProgramSources } from './module-graph.ts';
import { loadParser, type Parse } from './parser.ts';
import { TRACE_PACKAGES } from './trace-names.ts';
import type { TraceSite } from './trace-sites.ts';

/** The sources of a program, with and without their trace statements. */
export interface Program {
  /** Whether a file is one of its sources: an entry, or reached from one by relative imports. */
  has(path: string): boolean;
  /** The text of a source without its trace statements. */
  stripped(path: string): string;
  /** Sources that are left when nothing traces, places in them that are not guarded, and how much was taken out. */
  survey(): { readonly files: readonly string[]; readonly sites: readonly TraceSite[]; readonly leftovers: readonly TraceSite[]; readonly removed: number };
  readonly parse: Parse;
}

/** @throws CheckError CHECK_NO_PARSER, CHECK_UNREADABLE, CHECK_SYNTAX */
export async function openProgram(entries: readonly string[], packages: readonly string[] = TRACE_PACKAGES): Promise<ProgramSources> {
  const paths = entries.map((entry) => resolve(entry));
  return new ProgramSources(paths, packages, await loadParser(dirname(paths[0] ?? '.')));
}
