import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { blake3, decodeDat, encodeDat, encodeUtf8, verifyDat, type Dat } from '@p2p/dave-wire';
import { codeOf } from '../../cli/app-error.ts';

const TIME_BYTES = 8;

/** What a tree's name stood for when the network was last asked. */
export interface RememberedName {
  readonly dat: Dat;
  /** Unix ms. */
  readonly askedAt: number;
}

/** The pointers that have been read, so that a tree can be found without the network and no older one is taken for newer. */
export class RememberedNames {
  readonly #directory: string;

  constructor(dataDir: string) {
    this.#directory = join(dataDir, 'publish', 'names');
  }

  /** The author's signature is checked again; a file that is damaged is none. */
  async get(publicKey: Uint8Array, key: string): Promise<RememberedName | undefined> {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(this.#path(publicKey, key));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    if (bytes.length <= TIME_BYTES) return undefined;
    const askedAt = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    const now = Date.now();
    let dat: Dat;
    try {
      dat = decodeDat(Uint8Array.from(bytes.subarray(TIME_BYTES)));
    } catch {
      // Damaged: the network is asked.
      return undefined;
    }
    const { valid } = await verifyDat(dat, { now });
    return valid && dat.key === key && Buffer.compare(dat.publicKey, publicKey) === 0 && askedAt <= now ? { dat, askedAt } : undefined;
  }

  async set({ dat, askedAt }: RememberedName): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const bytes = new Uint8Array(TIME_BYTES);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(askedAt), true);
    const path = this.#path(dat.publicKey, dat.key);
    const draft = `${path}.${randomUUID()}`;
    await writeFile(draft, Buffer.concat([bytes, encodeDat(dat)]), { mode: 0o600 });
    await rename(draft, path);
  }

  #path(publicKey: Uint8Array, key: string): string {
    return join(this.#directory, Buffer.from(blake3(publicKey, encodeUtf8(key))).toString('hex'));
  }
}
