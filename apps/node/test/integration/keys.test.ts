import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateKeyPair, keyPairFromSeed, peerIdOf } from '@p2p/dave-wire';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { errorIn, run, temporaryHome, type Ended } from './dave-process.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
beforeEach(async () => {
  home = await temporaryHome();
});
afterEach(() => home[Symbol.asyncDispose]());

const key = (args: readonly string[], input?: Uint8Array | string): Promise<Ended> => run(['key', ...args], { home: home.path, ...(input === undefined ? {} : { input }) });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('new makes a file of 64 bytes for its owner alone, and never a second one', async () => {
  const made = await key(['new', '--json']);
  expect(made.code).toBe(0);
  const shown = JSON.parse(made.out) as { keyFile: string; publicKey: string; id: string };
  expect(shown.keyFile).toBe(join(home.path, 'dave', 'key.dave'));
  expect((await stat(shown.keyFile)).mode & 0o777).toBe(0o600);
  const bytes = new Uint8Array(await readFile(shown.keyFile));
  const { publicKey } = keyPairFromSeed(bytes.subarray(0, 32));
  expect(hex(bytes.subarray(32))).toBe(hex(publicKey));
  expect(shown).toMatchObject({ publicKey: hex(publicKey), id: peerIdOf(publicKey).toString(16).padStart(16, '0') });

  const again = await key(['new', '--json']);
  expect(again.code).toBe(2);
  expect(errorIn(again)).toMatchObject({ code: 'APP_KEY_EXISTS', message: expect.stringContaining('is not overwritten') });
  expect(new Uint8Array(await readFile(shown.keyFile))).toEqual(bytes);

  const { code, out } = await key(['show']);
  expect(code).toBe(0);
  expect(out).toBe(`public key  ${shown.publicKey}\npeer id     ${shown.id}\nkey file    ${shown.keyFile}\n`);
  // The private key is in none of the outputs.
  for (const text of [made.out, made.err, out]) expect(text).not.toContain(hex(bytes.subarray(0, 32)));
});

test('show without a key says how to make one', async () => {
  expect(await key(['show'])).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/no key file at .*; create one with: dave key new --key-file /) });
});

test('import takes the files of the Go implementation, seeds and hex, from files and standard input', async () => {
  const keyPair = generateKeyPair();
  const go = new Uint8Array([...keyPair.privateKey, ...keyPair.publicKey]);
  const file = join(home.path, 'from-go');
  await writeFile(file, go, { mode: 0o600 });
  const forms: [string, string[], Uint8Array | string | undefined][] = [
    ['a', [file], undefined],
    ['b', ['-'], keyPair.privateKey],
    ['c', ['-'], `${hex(go)}\n`],
  ];
  for (const [name, args, input] of forms) {
    const target = join(home.path, name);
    const imported = await key(['import', ...args, '--key-file', target, '--json'], input);
    expect(JSON.parse(imported.out)).toMatchObject({ keyFile: target, publicKey: hex(keyPair.publicKey) });
    expect(new Uint8Array(await readFile(target))).toEqual(go);
  }
  expect(await key(['import', file, '--key-file', join(home.path, 'a')])).toMatchObject({ code: 2, err: expect.stringContaining('is not overwritten') });
});

test.each<[string, string, Uint8Array | undefined, RegExp]>([
  ['of another length', '-', new Uint8Array(63), /not a key: 63 bytes; expected 64 bytes/],
  ['whose halves do not belong together', '-', new Uint8Array(64).fill(7), /not a key/],
  ['without end', '/dev/zero', undefined, /more than 4096 bytes/],
  ['that is not there', '/nowhere/key', undefined, /cannot read \/nowhere\/key/],
])('a foreign key %s is refused', async (_what, file, input, message) => {
  expect(await key(['import', file], input)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) });
  await expect(stat(join(home.path, 'dave', 'key.dave'))).rejects.toMatchObject({ code: 'ENOENT' });
});
