// A store leaves one node as a backup file of the Go implementation and comes into another; damage costs only what it hits.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DaveNode } from '@p2p/dave-node';
import { generateKeyPair } from '@p2p/dave-wire';

const directory = await mkdtemp(join(tmpdir(), 'dave-backup-'));
const file = join(directory, 'dave.bak');
try {
  const author = generateKeyPair();
  const old = await DaveNode.open({ privateKey: author.privateKey, listen: '127.0.0.1:0' });
  try {
    for (let index = 0; index < 100; index++) await old.put(`key/${index}`, new TextEncoder().encode(`value ${index}`));
    await pipeline(old.exportBackup(), createWriteStream(file));
    console.log(`exported ${old.entryCount} dats, ${(await stat(file)).size} bytes`);
  } finally {
    await old.close();
  }

  async function* damaged(): AsyncGenerator<Uint8Array> {
    let position = 0;
    for await (const chunk of createReadStream(file) as AsyncIterable<Uint8Array>) {
      // One byte of the first dat's signature.
      if (position === 0) chunk[120] = ~(chunk[120] ?? 0) & 0xff;
      position += chunk.length;
      yield chunk;
    }
  }

  const fresh = await DaveNode.open({ privateKey: generateKeyPair().privateKey, listen: '127.0.0.1:0' });
  try {
    const report = await fresh.importBackup(damaged());
    console.log(`of ${report.records} records ${report.imported} were imported and ${report.invalid} refused`);
    const result = await fresh.get(author.publicKey, 'key/99');
    console.log(result.found ? `read '${new TextDecoder().decode(result.entry.dat.value)}'` : 'lost');
  } finally {
    await fresh.close();
  }
} finally {
  await rm(directory, { recursive: true });
}
