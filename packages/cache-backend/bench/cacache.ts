import cacache from 'cacache';
import { readFile } from 'node:fs/promises';
import { allFiles } from './files.ts';

const AT_ONCE = 16;

/** Every file of a tree as an entry of cacache, under its path. */
export async function putIntoCacache(dir: string, source: string): Promise<void> {
  const files = allFiles(source);
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let file = files.pop(); file !== undefined; file = files.pop()) await cacache.put(dir, file.slice(source.length), await readFile(file));
  }));
}
