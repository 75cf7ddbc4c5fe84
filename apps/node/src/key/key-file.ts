import { randomUUID } from 'node:crypto';
import { link, open, readFile, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { generateKeyPair, keyPairFromSeed, readGodaveKey, type KeyPair } from '@p2p/dave-wire';
import { AppError, codeOf } from '../cli/app-error.ts';
import { makeDirectory } from '../make-directory.ts';

/** Any access of group or others. */
const FOREIGN_ACCESS = 0o077;

/**
 * Reads a key file: 64 bytes, seed then public key, as the Go implementation writes it.
 * @throws AppError APP_KEY_MISSING, APP_KEY_PERMISSIONS, APP_KEY_INVALID
 */
export async function readKeyFile(path: string): Promise<KeyPair> {
  const info = await stat(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw new AppError('APP_KEY_INVALID', `cannot read the key file ${path}: ${(error as Error).message}`, { cause: error });
    throw new AppError('APP_KEY_MISSING', `no key file at ${path}; create one with: dave key new --key-file ${path}`);
  });
  if (!info.isFile()) throw new AppError('APP_KEY_INVALID', `${path} is not a file`);
  if (process.platform !== 'win32' && (info.mode & FOREIGN_ACCESS) !== 0) {
    throw new AppError(
      'APP_KEY_PERMISSIONS',
      `${path} can be read by others (mode ${(info.mode & 0o777).toString(8)}); run: chmod 600 ${path}`,
    );
  }
  // Judged before it is read, so that no large file is read for nothing.
  if (info.size !== 64) throw new AppError('APP_KEY_INVALID', `${path} has ${info.size} bytes; a key file has 64 (seed and public key)`);
  try {
    return readGodaveKey(new Uint8Array(await readFile(path)));
  } catch (error) {
    throw new AppError('APP_KEY_INVALID', `${path} is no key file: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Writes a key file that did not exist before, readable by its owner alone.
 * @throws AppError APP_KEY_EXISTS, APP_KEY_UNWRITABLE, APP_DATA_DIR
 */
export async function writeKeyFile(path: string, keyPair: KeyPair): Promise<void> {
  await makeDirectory(dirname(path));
  try {
    await createWhole(path, keyPair);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('APP_KEY_UNWRITABLE', `cannot write the key file ${path}: ${codeOf(error) ?? (error as Error).message}; choose another --key-file or --data-dir`, { cause: error });
  }
}

async function createWhole(path: string, keyPair: KeyPair): Promise<void> {
  const bytes = new Uint8Array(64);
  bytes.set(keyPair.privateKey, 0);
  bytes.set(keyPair.publicKey, 32);
  // Complete before it has its name: who finds the file finds all 64 bytes. A link, unlike a rename, never replaces.
  const draft = `${path}.${process.pid}-${randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
    await file.close();
    await link(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new AppError('APP_KEY_EXISTS', `${path} exists and is not overwritten; choose another --key-file or move it away`);
  } finally {
    await file.close();
    await unlink(draft);
  }
}

/** Reads the key file, or creates one on first use. */
export async function readOrCreateKeyFile(path: string): Promise<{ keyPair: KeyPair; created: boolean }> {
  try {
    return { keyPair: await readKeyFile(path), created: false };
  } catch (error) {
    if (codeOf(error) !== 'APP_KEY_MISSING') throw error;
  }
  const keyPair = generateKeyPair();
  try {
    await writeKeyFile(path, keyPair);
    return { keyPair, created: true };
  } catch (error) {
    // Another process was faster: its key is the key.
    if (codeOf(error) !== 'APP_KEY_EXISTS') throw error;
    return { keyPair: await readKeyFile(path), created: false };
  }
}

/** Takes a key from elsewhere: 64 raw bytes (Go), 32 raw bytes (seed), or either in hex. */
export function parseForeignKey(bytes: Uint8Array): KeyPair {
  const text = new TextDecoder('latin1').decode(bytes).trim();
  const raw = /^(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{128})$/.test(text) ? new Uint8Array(Buffer.from(text, 'hex')) : bytes;
  try {
    if (raw.length === 64) return readGodaveKey(raw);
    if (raw.length === 32) return keyPairFromSeed(raw);
  } catch (error) {
    throw new AppError('APP_KEY_INVALID', `not a key: ${(error as Error).message}`, { cause: error });
  }
  throw new AppError('APP_KEY_INVALID', `not a key: ${bytes.length} bytes; expected 64 bytes (seed and public key), 32 bytes (seed), or either in hex`);
}
