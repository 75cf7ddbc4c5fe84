import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { removeFile } from '../../../src/backends/lmdb/file-steps.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { diskImages } from './disk-images.ts';
import { openAt } from './open-at.ts';
import { keyOf, KEYS, script, type Step } from './script.ts';
import { fileEvents, TRACED, type FileEvent } from './strace-log.ts';

const LONG = process.env['RECORD_STORE_LONG'] === '1';
const STEPS = LONG ? 60 : 10;
const RANDOM_IMAGES = LONG ? 24 : 6;
const WRITER = fileURLToPath(new URL('writer.ts', import.meta.url));
/** The kernels that we meet offer no log of block writes, so system calls are recorded: Linux with Debian's strace. */
const missing = process.platform !== 'linux' ? 'needs Linux' : spawnSync('strace', ['-V']).status !== 0 && process.env['CI'] === undefined ? 'needs strace' : undefined;

async function record(directory: string, steps: number): Promise<FileEvent[]> {
  const path = join(directory, 'data', 'records.lmdb');
  const log = join(directory, 'trace');
  const child = spawn('strace', ['-f', '-qq', '-y', '-xx', '-s', '16777216', '-e', `trace=${TRACED}`, '-o', log, process.execPath, WRITER, path, String(steps)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the writer ended with ${code}: ${complaints}`);
  return fileEvents(await readFile(log, 'utf8'), path);
}

/** What each key may hold when `acked` steps were acknowledged and the next one was under way. */
function allowed(steps: readonly Step[], acked: number): (string | undefined)[][] {
  return Array.from({ length: KEYS }, (_, key) => {
    let certain: string | undefined;
    for (const { writes } of steps.slice(0, acked)) if (writes.has(key)) certain = writes.get(key);
    const next = steps[acked];
    return next?.writes.has(key) === true ? [certain, next.writes.get(key)] : [certain];
  });
}

const ackedSteps = (said: string | undefined): number => (said?.startsWith('ACK') === true ? Number(said.slice(4)) + 1 : 0);

test.skipIf(missing !== undefined)('what was acknowledged is there after a power loss at any moment, whatever the disk made of unsynced writes', { timeout: LONG ? 3_600_000 : 120_000 }, async () => {
  await using directory = await temporaryDirectory();
  const root = await realpath(directory.path);
  const events = await record(root, STEPS);
  const steps = script(STEPS);
  expect(events.filter(({ kind }) => kind === 'said').length).toBe(STEPS + 1);

  const random = new SeededRandom(7);
  const path = join(root, 'image', 'records.lmdb');
  await mkdir(join(root, 'image'));
  let images = 0;
  let partial = 0;
  for (const { file, said, what } of diskImages(events, { random: () => random.float(), randomImages: RANDOM_IMAGES })) {
    images += 1;
    await removeFile(`${path}-lock`);
    await writeFile(path, file);
    const store = await openAt(path).catch((error: unknown) => {
      throw new Error(`${what}, after ${said}: cannot be opened`, { cause: error });
    });
    try {
      const acked = ackedSteps(said);
      let held = 0;
      for (const [key, texts] of allowed(steps, acked).entries()) {
        const record = await store.get(keyOf(key));
        const text = record === undefined ? undefined : new TextDecoder().decode(record.value);
        if (!texts.includes(text)) throw new Error(`${what}, after ${said}: key ${key} holds ${text?.slice(0, 20)}, not ${texts.map((one) => one?.slice(0, 20)).join(' or ')}`);
        if (text !== undefined) held += 1;
        if (text !== texts[0]) partial += 1;
      }
      const check = await store.verify();
      const stats = await store.stats();
      const providers = await store.providers(keyOf(0), { limit: 100 });
      expect({ sound: check.sound, records: check.records, counted: stats.remote.records, providers: stats.remote.providers }, what).toEqual({ sound: true, records: held, counted: held, providers: providers.length });
    } finally {
      await store.close();
    }
  }
  expect(images).toBeGreaterThan(STEPS * 10);
  // Some states are between two acknowledgements: else unsynced writes were never tried.
  expect(partial).toBeGreaterThan(0);
});

test.skipIf(missing !== undefined)('pages are synced before the meta page that names them is written through, and both before the acknowledgement', { timeout: 60_000 }, async () => {
  await using directory = await temporaryDirectory();
  const events = await record(await realpath(directory.path), 4);
  const linkedAt = events.find(({ kind }) => kind === 'linked')!.began;
  const isMeta = (event: FileEvent): boolean => event.kind === 'write' && event.offset < 8192 && event.bytes.length < 4096;
  let pages: FileEvent[] = [];
  let metas = 0;
  for (const event of events) {
    if (event.kind === 'write' && !isMeta(event)) pages.push(event);
    else if (event.kind === 'sync') pages = pages.filter(({ ended }) => ended >= event.began);
    else if (isMeta(event)) {
      expect(event.kind === 'write' && event.through, 'the meta page is written through').toBe(true);
      expect(pages, 'pages that are not synced when the meta page is written').toEqual([]);
      metas += 1;
    } else if (event.kind === 'said' && event.text.startsWith('ACK')) {
      expect(pages, `unsynced at ${event.text}`).toEqual([]);
      expect(metas, `meta pages written before ${event.text}`).toBeGreaterThan(0);
      metas = 0;
    }
  }
  // The name is given to a file that is whole on the disk, and is on the disk itself before the store says that it is open.
  const before = events.filter(({ kind, began }) => kind === 'sync' && began < linkedAt);
  expect(before.length).toBeGreaterThan(0);
  const saidOpen = events.find((event) => event.kind === 'said' && event.text === 'OPEN')!.began;
  expect(events.some(({ kind, began, ended }) => kind === 'directory-sync' && began > linkedAt && ended < saidOpen)).toBe(true);
});

test.skipIf(missing !== undefined)('the model of the disk finds a store that acknowledges before it syncs', { timeout: 60_000 }, async () => {
  await using directory = await temporaryDirectory();
  const steps = script(6);
  // The same calls as if no sync had waited for anything: everything is on the disk only when the process ends.
  const events = (await record(await realpath(directory.path), 6)).filter(({ kind }) => kind !== 'sync').map((event) => (event.kind === 'write' ? { ...event, through: false } : event));
  const path = join(directory.path, 'image.lmdb');
  const random = new SeededRandom(1);
  let found = false;
  for (const { file, said } of diskImages(events, { random: () => random.float(), randomImages: 1 })) {
    await removeFile(`${path}-lock`);
    await writeFile(path, file);
    const store = await openAt(path).catch(() => undefined);
    if (store === undefined) found = true;
    else {
      for (const [key, texts] of allowed(steps, ackedSteps(said)).entries()) {
        const record = await store.get(keyOf(key)).catch(() => undefined);
        if (!texts.includes(record === undefined ? undefined : new TextDecoder().decode(record.value))) found = true;
      }
      await store.close();
    }
    if (found) break;
  }
  expect(found).toBe(true);
});
