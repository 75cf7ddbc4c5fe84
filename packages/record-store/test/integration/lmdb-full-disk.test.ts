import { spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acceptAny } from '../../src/index.ts';
import { LmdbRecordStore } from '../../src/backends/lmdb/index.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const MIB = 1024 * 1024;
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const keyOf = (number: number): Uint8Array => new TextEncoder().encode(`key ${number}`);
const valueOf = (number: number): Uint8Array => new Uint8Array(1024).fill(number & 0xff);

function open(directory: string): Promise<LmdbRecordStore> {
  return LmdbRecordStore.open({ path: join(directory, 'records.lmdb'), localId: new Uint8Array(32), validators: { default: acceptAny() }, limits: { maxRecords: 'unlimited', maxTotalBytes: 'unlimited' } });
}

/** Takes what is left of a disk. */
async function fill(path: string): Promise<void> {
  await expect(writeFile(join(path, 'filler'), Buffer.alloc(64 * MIB))).rejects.toMatchObject({ code: 'ENOSPC' });
}

/** Runs `work` on a small disk. False: this root may not mount. Promises that were rejected and held by nobody fail it. */
async function onSmallDisk(mebibytes: number, work: (path: string) => Promise<void>): Promise<boolean> {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'disk');
  await mkdir(path);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', path]).status !== 0) return false;
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    await work(path);
    // They are told after the promises of a turn have run.
    for (let turn = 0; turn < 5; turn++) await new Promise((resume) => setImmediate(resume));
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
    spawnSync('umount', ['-l', path]);
  }
  return true;
}

async function stored(store: LmdbRecordStore): Promise<number> {
  let records = 0;
  for await (const record of store.records()) {
    expect(record.value.every((byte) => byte === record.value[0])).toBe(true);
    records += 1;
  }
  return records;
}

test.skipIf(!isRoot).for([[1, 2], [100, 8], [4096, 48]] as const)('a full disk refuses puts of %i at a time and nothing else: what was acknowledged is there (needs root to mount a small tmpfs)', async ([atATime, mebibytes], context) => {
  const mounted = await onSmallDisk(mebibytes, async (path) => {
    await using store = await open(path);
    let acknowledged = 0;
    let refusal: unknown;
    while (refusal === undefined && acknowledged < 65_536) {
      const records = Array.from({ length: atATime }, (_, at) => ({ key: keyOf(acknowledged + at), value: valueOf(acknowledged + at) }));
      try {
        if (atATime === 1) await store.put(records[0]!);
        else await store.putMany(records);
        acknowledged += atATime;
      } catch (error) {
        refusal = error;
      }
    }
    expect(refusal).toMatchObject({ code: 'RECORD_STORE_IO', message: expect.stringContaining('no space is left') });
    expect(acknowledged).toBeGreaterThan(0);
    await fill(path);
    await expect(store.put({ key: keyOf(0), value: valueOf(1) })).rejects.toMatchObject({ code: 'RECORD_STORE_IO', message: expect.stringContaining('no space is left') });
    await expect(store.remove(keyOf(0))).rejects.toMatchObject({ code: 'RECORD_STORE_IO', message: expect.stringContaining('no space is left') });
    // Counts agree with what is there, now and after a restart. A refused batch may have been written in part.
    const records = await stored(store);
    expect(records).toBeGreaterThanOrEqual(acknowledged);
    expect((await store.stats()).remote.records).toBe(records);
    await expect(store.compact()).rejects.toMatchObject({ code: 'RECORD_STORE_IO' });
    expect((await readdir(path)).toSorted()).toEqual(['filler', 'records.lmdb', 'records.lmdb-lock']);
    expect((await store.get(keyOf(0)))?.value).toEqual(valueOf(0));
    await store.close();
    await using again = await open(path);
    expect(await stored(again)).toBe(records);
    expect((await again.stats()).remote.records).toBe(records);
    for (let number = 0; number < acknowledged; number++) expect((await again.get(keyOf(number)))?.value[0]).toBe(number & 0xff);
  });
  if (!mounted) context.skip('this root may not mount');
});
