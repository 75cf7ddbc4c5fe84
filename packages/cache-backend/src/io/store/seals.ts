import * as fs from 'node:fs';
import { MANIFEST_HEADER, parseNode, type TreeNode } from '../../manifest.ts';
import { fsPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import { microseconds } from '../tree/attributes.ts';
import { sha256 } from '../tree/copy-bytes.ts';
import { MAX_MANIFEST_BYTES } from '../tree/verify-tree.ts';
import type { Layout } from './layout.ts';

const REMEMBERED = 1024;

interface Seal {
  readonly ino: number;
  readonly size: number;
  readonly ctimeMs: number;
  readonly root: TreeNode;
}

/** Constant-time checks of trees: the manifest is the one that the tree is named for, and the root is as it says. */
export class Seals {
  readonly #layout: Layout;
  /** Manifests that were read; one that changes gets another change time. */
  readonly #known = new Map<string, Seal>();

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  forget(tree: string): void {
    this.#known.delete(tree);
  }

  /** What is wrong with a tree, as far as can be told without walking it. */
  check(tree: string): string | undefined {
    const path = fsPath(`${this.#layout.container(tree)}/manifest`);
    try {
      const stat = fs.lstatSync(path);
      if (!stat.isFile() || stat.size > MAX_MANIFEST_BYTES) return 'its manifest is no file, or too large';
      let seal = this.#known.get(tree);
      if (seal === undefined || seal.ino !== stat.ino || seal.size !== stat.size || seal.ctimeMs !== stat.ctimeMs) {
        const bytes = fs.readFileSync(path);
        if (sha256(bytes) !== tree.slice(0, 64)) return 'its manifest is not the one that it is named for';
        const root = rootOf(bytes);
        if (root === undefined) return 'its manifest is malformed';
        seal = { ino: stat.ino, size: stat.size, ctimeMs: stat.ctimeMs, root };
        this.#remember(tree, seal);
      }
      const root = fs.lstatSync(fsPath(this.#layout.tree(tree)), { throwIfNoEntry: false });
      if (root === undefined || !root.isDirectory()) return 'its root is missing';
      if ((root.mode & 0o7777) !== seal.root.mode || microseconds(root.mtimeMs) !== seal.root.mtimeUs) return 'its root was changed';
      return undefined;
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return 'its tree is missing';
      throw error;
    }
  }

  #remember(tree: string, seal: Seal): void {
    if (this.#known.size >= REMEMBERED) this.#known.delete(this.#known.keys().next().value ?? '');
    this.#known.set(tree, seal);
  }
}

function rootOf(manifest: Buffer): TreeNode | undefined {
  const start = manifest.indexOf(10) + 1;
  const end = manifest.indexOf(10, start);
  if (end === -1 || manifest.toString('latin1', 0, start - 1) !== MANIFEST_HEADER) return undefined;
  const root = parseNode(manifest.toString('latin1', start, end));
  return root?.path === '.' && root.type === 'd' ? root : undefined;
}
