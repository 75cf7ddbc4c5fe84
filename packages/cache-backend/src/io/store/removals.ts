import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { fsPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import { step } from '../faults.ts';
import type { Layout } from './layout.ts';
import type { Held } from './leases.ts';
import type { Pointers } from './pointers.ts';

/** Containers set aside that are kept, newest first. */
const KEPT_QUARANTINED = 8;

/** The steps of removing things; all need the lock and an intent that names what they remove. */
export class Removals {
  readonly #layout: Layout;
  readonly #pointers: Pointers;

  constructor(layout: Layout, pointers: Pointers) {
    this.#layout = layout;
    this.#pointers = pointers;
  }

  /** Keys whose pointers lead to a tree. Names that do not, any more, are taken away. */
  keysOf(tree: string): string[] {
    const directory = `${this.#layout.container(tree)}/refs`;
    const names = readNames(directory);
    return names.filter((hash) => {
      if (!/^[0-9a-f]{64}$/.test(hash)) return false;
      const found = this.#pointers.read(hash);
      if (typeof found === 'object' && found.pointer.tree === tree) return true;
      return false;
    });
  }

  /** Moves a tree that no key leads to into the trash; false when it is in use or wanted. */
  reclaim(tree: string, held: Held): boolean {
    if (held.has(`t.${tree}`) || this.keysOf(tree).length > 0) return false;
    return this.discard(tree);
  }

  /** Moves a container into the trash, from where the background removes it; false when it was gone. */
  discard(tree: string): boolean {
    return this.#move(tree, this.#layout.at('trash', `${tree}.${randomBytes(6).toString('hex')}`));
  }

  quarantine(tree: string): boolean {
    const moved = this.#move(tree, this.#layout.at('quarantine', `${String(Date.now()).padStart(15, '0')}.${tree}`));
    const names = readNames(this.#layout.at('quarantine')).sort().reverse();
    for (const name of names.slice(KEPT_QUARANTINED)) {
      fs.renameSync(fsPath(this.#layout.at('quarantine', name)), fsPath(this.#layout.at('trash', `${name}.${randomBytes(6).toString('hex')}`)));
    }
    return moved;
  }

  #move(tree: string, to: string): boolean {
    const from = this.#layout.container(tree);
    const stat = fs.lstatSync(fsPath(from), { throwIfNoEntry: false });
    if (stat === undefined) return false;
    // Only the owner of a directory that is moved elsewhere may have to write into it.
    if (stat.isDirectory() && (stat.mode & 0o700) !== 0o700) fs.chmodSync(fsPath(from), 0o700);
    fs.renameSync(fsPath(from), fsPath(to));
    step('prune:trashed');
    return true;
  }
}

function readNames(directory: string): string[] {
  try {
    return fs.readdirSync(fsPath(directory), { encoding: 'latin1' });
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
