import * as fs from 'node:fs';
import { CacheError } from '../../errors.ts';
import { fsPath, showPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import { step } from '../faults.ts';
import { finishCopy } from '../tree/finish-copy.ts';
import { syncTree } from '../tree/sync-tree.ts';
import { type CopyOptions, type CopyResult, type CopyTask, TreeCopy } from '../tree/tree-copy.ts';
import type { CopyPart, TreeSummary } from './protocol.ts';

/** The copies that this thread takes part in. */
export class CopyJobs {
  readonly #jobs = new Map<number, TreeCopy>();

  copy(job: number, options: CopyOptions, tasks: CopyTask[], share: (tasks: CopyTask[]) => void): number {
    let copy = this.#jobs.get(job);
    if (copy === undefined) this.#jobs.set(job, (copy = new TreeCopy(options)));
    const before = copy.result.lines.length;
    copy.run(tasks, share);
    return copy.result.lines.length - before;
  }

  recheck(job: number): void {
    this.#jobs.get(job)?.recheck();
  }

  collect(job: number): CopyPart {
    const result = this.#jobs.get(job)?.result;
    if (result === undefined) return { lines: '', followers: [], sizeBytes: 0, allocatedBytes: 0, sharedBytes: 0, files: 0 };
    return { ...result, lines: result.lines.join('\n') };
  }

  async finish(job: number, parts: CopyPart[], target: string | undefined, container: string | undefined): Promise<TreeSummary> {
    const copy = this.#jobs.get(job);
    if (copy === undefined) throw new Error('the copy to finish is not known here');
    const results: CopyResult[] = parts.map((part) => ({ ...part, lines: part.lines === '' ? [] : part.lines.split('\n') }));
    const { manifest, ...summary } = await finishCopy(copy, results, target);
    if (container !== undefined) fs.writeFileSync(fsPath(`${container}/manifest`), manifest, { encoding: 'latin1', flag: 'wx', mode: 0o400 });
    step('put:manifest-written');
    return summary;
  }

  fill(job: number): void {
    this.#jobs.get(job)?.fillPool();
    step('put:pool-filled');
  }

  drop(job: number): void {
    this.#jobs.delete(job);
  }
}

/** Renames a tree into a container; false where it cannot be renamed. @throws CacheError CACHE_SOURCE_CHANGED when it became something else. */
export function moveIn(source: string, container: string): boolean {
  try {
    fs.renameSync(fsPath(source), fsPath(`${container}/tree`));
    step('put:moved-in');
  } catch (error) {
    if (['EXDEV', 'EACCES', 'EPERM', 'EBUSY'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
  if (fs.lstatSync(fsPath(`${container}/tree`)).isDirectory()) return true;
  // Given back, unless there is something again.
  if (fs.lstatSync(fsPath(source), { throwIfNoEntry: false }) === undefined) fs.renameSync(fsPath(`${container}/tree`), fsPath(source));
  throw new CacheError('CACHE_SOURCE_CHANGED', `${showPath(source)} was replaced while it was put`, { path: showPath(source) });
}

export async function syncContainer(container: string, mode: 'each' | 'filesystem'): Promise<void> {
  await syncTree(container, fs.readFileSync(fsPath(`${container}/manifest`), 'latin1'), mode);
  step('put:tree-synced');
}
