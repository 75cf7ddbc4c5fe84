import { createDat, datSize, encodeDat } from '@p2p/dave-wire';

/** A dat that is neither signed nor proven yet. */
export interface Draft {
  readonly key: string;
  readonly value: Uint8Array;
}

/** To a worker: sign and prove these. */
export interface ProveRequest {
  readonly id: number;
  readonly time: number;
  readonly drafts: readonly Draft[];
}

/** From a worker: the dats, encoded one after the other, with their lengths. */
export interface ProveReply {
  readonly id: number;
  readonly dats: Uint8Array;
  readonly lengths: readonly number[];
}

/** What a worker does with a request. */
export async function answerProveRequest({ id, time, drafts }: ProveRequest, author: { privateKey: Uint8Array; difficulty: number }): Promise<ProveReply> {
  const lengths: number[] = [];
  const parts: Uint8Array[] = [];
  for (const { key, value } of drafts) {
    // Dats are proven side by side, each by one thread: none waits for the slowest part of another.
    const dat = await createDat({ ...author, key, value, time }, { threads: 1 });
    lengths.push(datSize(dat));
    parts.push(encodeDat(dat));
  }
  const dats = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    dats.set(part, at);
    at += part.length;
  }
  return { id, dats, lengths };
}
