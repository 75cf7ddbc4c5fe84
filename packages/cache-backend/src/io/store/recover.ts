import * as fs from 'node:fs';
import { OWNER_ID } from '../../owner-record.ts';
import { fsPath } from '../byte-path.ts';
import { step } from '../faults.ts';
import { SHARDS } from './layout.ts';
import { dropUnusedPool } from './pool-sweep.ts';
import { pruneStore } from './prune-store.ts';
import type { Store } from './store.ts';
import { trashPath } from './trash.ts';

/** Reclaims what dead owners left: their leases, what they were making, their intent. What another process recovers is left to it. */
export async function recover(store: Store): Promise<{ owners: number; leftovers: number }> {
  const lock = await store.intents.lock(false);
  if (lock === undefined) return { owners: 0, leftovers: 0 };
  let owners = 0;
  let leftovers = 0;
  try {
    if (store.intents.clear()) leftovers++;
    const { ids, abandoned } = store.owners.list();
    const known = new Set(ids);
    for (const id of ids) {
      if (!(await store.owners.isDead(id))) continue;
      owners++;
      leftovers += trashChildren(store, id);
      step('recover:tmp-trashed');
      trashPath(store.layout, store.layout.at('leases', id));
    }
    for (const name of abandoned) trashPath(store.layout, store.layout.at('leases', name));
    for (const name of fs.readdirSync(fsPath(store.layout.at('tmp')), { encoding: 'latin1' })) {
      // Owners make their lease directory first and remove it last.
      if (!OWNER_ID.test(name) || known.has(name)) continue;
      if (!fs.existsSync(fsPath(store.layout.at('leases', name)))) leftovers += trashChildren(store, name);
    }
  } finally {
    lock.release();
  }
  if (fs.readdirSync(fsPath(store.layout.at('trash'))).length > 0) store.onTrash();
  return { owners, leftovers };
}

function trashChildren(store: Store, id: string): number {
  const directory = store.layout.at('tmp', id);
  const stat = fs.lstatSync(fsPath(directory), { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  const count = stat.isDirectory() ? fs.readdirSync(fsPath(directory)).length : 1;
  trashPath(store.layout, directory);
  return count;
}

/** The part of a repair that needs no reading of trees: what leads nowhere, and what nothing leads to. */
export async function sweepStore(store: Store): Promise<{ reclaimed: number; dropped: number; damaged: number }> {
  let dropped = 0;
  let damaged = 0;
  for (const shard of SHARDS) {
    for (const hash of store.pointers.hashesIn(shard)) {
      const found = store.pointers.read(hash);
      if (found === 'corrupt') {
        await store.setAside(hash, undefined, 'its index entry is damaged');
        damaged++;
      } else if (found !== undefined && !fs.existsSync(fsPath(store.layout.container(found.pointer.tree)))) {
        await store.setAside(hash, found.pointer.tree, 'its tree is missing');
        dropped++;
      }
      step('repair:entry');
    }
  }
  const treesBefore = countTrees(store);
  // Without limits it evicts what has expired and sweeps what nothing leads to.
  await pruneStore(store, {});
  const reclaimed = treesBefore - countTrees(store);
  return { reclaimed: Math.max(0, reclaimed) + dropUnusedPool(store.layout), dropped, damaged };
}

function countTrees(store: Store): number {
  return SHARDS.reduce((sum, shard) => sum + fs.readdirSync(fsPath(store.layout.at('trees', shard))).length, 0);
}
