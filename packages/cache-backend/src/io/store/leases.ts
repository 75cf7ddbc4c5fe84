import * as fs from 'node:fs';
import { TREE_NAME } from '../../pointer.ts';
import { fsPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import { step } from '../faults.ts';
import type { Layout } from './layout.ts';
import type { Owners } from './owners.ts';
import { ensurePlain } from './plain-file.ts';

/** Leases of living owners: `t.<tree>` while a tree is used, `k.<hash>` while a key is written. */
export type Held = ReadonlySet<string>;

/** The files by which this instance says what it uses. One per thing, however often it is used here. */
export class Leases {
  readonly #layout: Layout;
  readonly #owners: Owners;
  readonly #counts = new Map<string, number>();

  constructor(layout: Layout, owners: Owners) {
    this.#layout = layout;
    this.#owners = owners;
  }

  acquire(name: string): void {
    const count = this.#counts.get(name) ?? 0;
    if (count === 0) {
      ensurePlain(`${this.#owners.directory}/${name}`);
      step('lease:acquired');
    }
    this.#counts.set(name, count + 1);
  }

  /** True when nothing here uses it any more. */
  release(name: string): boolean {
    const count = this.#counts.get(name) ?? 0;
    if (count > 1) {
      this.#counts.set(name, count - 1);
      return false;
    }
    this.#counts.delete(name);
    fs.rmSync(fsPath(`${this.#owners.directory}/${name}`), { force: true });
    return true;
  }

  /** What living owners hold now. Read after an intent was made known, it misses nobody who has not seen that. */
  async scan(): Promise<Held> {
    const held = new Set<string>();
    for (const id of this.#owners.list().ids) {
      let names: string[];
      try {
        names = fs.readdirSync(fsPath(this.#layout.at('leases', id)), { encoding: 'latin1' });
      } catch (error) {
        const code = errnoOf(error);
        if (code === 'ENOENT' || code === 'ENOTDIR') continue;
        throw error;
      }
      const leases = names.filter((name) => name.startsWith('k.') || (name.startsWith('t.') && TREE_NAME.test(name.slice(2))));
      if (leases.length === 0 || (await this.#owners.isDead(id))) continue;
      for (const name of leases) held.add(name);
    }
    return held;
  }
}
