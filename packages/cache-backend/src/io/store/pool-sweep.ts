import * as fs from 'node:fs';
import { fsPath } from '../byte-path.ts';
import { type Layout, SHARDS } from './layout.ts';

/** Removes files that only the pool holds. A file that a put links meanwhile keeps its other name. */
export function dropUnusedPool(layout: Layout): number {
  let dropped = 0;
  for (const shard of SHARDS) {
    const directory = layout.at('pool', shard);
    const byInode = new Map<string, { paths: string[]; nlink: number }>();
    for (const name of fs.readdirSync(fsPath(directory), { encoding: 'latin1' })) {
      const path = `${directory}/${name}`;
      const stat = fs.lstatSync(fsPath(path), { throwIfNoEntry: false, bigint: true });
      if (stat === undefined) continue;
      const key = `${stat.dev}:${stat.ino}`;
      const found = byInode.get(key) ?? { paths: [], nlink: Number(stat.nlink) };
      found.paths.push(path);
      byInode.set(key, found);
    }
    for (const { paths, nlink } of byInode.values()) {
      if (nlink > paths.length) continue;
      for (const path of paths) fs.rmSync(fsPath(path), { force: true, recursive: true });
      dropped += paths.length;
    }
  }
  return dropped;
}
