import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair } from '@p2p/dave-wire';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseForeignKey, readKeyFile, readOrCreateKeyFile, writeKeyFile } from '../../src/key/key-file.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dave-key-'));
  path = join(directory, 'sub', 'key.dave');
});
afterEach(() => rm(directory, { recursive: true }));

test('what is written is read, and nobody else can read it', async () => {
  const keyPair = generateKeyPair();
  await writeKeyFile(path, keyPair);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readKeyFile(path)).toEqual(keyPair);
});

test('a key file is never overwritten', async () => {
  await writeKeyFile(path, generateKeyPair());
  const before = await readFile(path);
  await expect(writeKeyFile(path, generateKeyPair())).rejects.toMatchObject({ code: 'APP_KEY_EXISTS' });
  expect(await readFile(path)).toEqual(before);
});

test.runIf(process.platform !== 'win32')('a key that others can read is refused with the command that helps', async () => {
  await writeKeyFile(path, generateKeyPair());
  await chmod(path, 0o640);
  await expect(readKeyFile(path)).rejects.toMatchObject({ code: 'APP_KEY_PERMISSIONS', message: expect.stringContaining(`chmod 600 ${path}`) });
});

test('a missing key says how to make one', async () => {
  await expect(readKeyFile(path)).rejects.toMatchObject({ code: 'APP_KEY_MISSING', message: expect.stringContaining('dave key new') });
});

test('bytes that are no key are refused', async () => {
  await expect(readKeyFile(directory)).rejects.toMatchObject({ code: 'APP_KEY_INVALID' });
  const file = join(directory, 'odd');
  await writeFile(file, new Uint8Array(63), { mode: 0o600 });
  await expect(readKeyFile(file)).rejects.toMatchObject({ code: 'APP_KEY_INVALID', message: expect.stringContaining('63 bytes') });
  // 64 bytes whose second half is not the public key of the first.
  await writeFile(file, new Uint8Array(64).fill(7), { mode: 0o600 });
  await expect(readKeyFile(file)).rejects.toMatchObject({ code: 'APP_KEY_INVALID' });
});

test('ten processes that start at once agree on one key', async () => {
  const keys = await Promise.all(Array.from({ length: 10 }, () => readOrCreateKeyFile(path)));
  expect(new Set(keys.map(({ keyPair }) => Buffer.from(keyPair.publicKey).toString('hex'))).size).toBe(1);
  expect(keys.filter(({ created }) => created)).toHaveLength(1);
});

test('foreign keys are read in every form that is promised', () => {
  const keyPair = generateKeyPair();
  const both = new Uint8Array([...keyPair.privateKey, ...keyPair.publicKey]);
  const hex = (bytes: Uint8Array): Uint8Array => new TextEncoder().encode(`${Buffer.from(bytes).toString('hex')}\n`);
  for (const form of [both, keyPair.privateKey, hex(both), hex(keyPair.privateKey)]) expect(parseForeignKey(form)).toEqual(keyPair);
  expect(() => parseForeignKey(new Uint8Array(40))).toThrow(expect.objectContaining({ code: 'APP_KEY_INVALID' }));
});
