import { verifyDat, type Dat } from '@p2p/dave-wire';
import type { Client } from '../../client/client.ts';
import { codeOf } from '../../cli/app-error.ts';
import { pointerKey, type Pointer } from '../core/pointer.ts';
import { PublishError } from '../core/publish-error.ts';
import { pointerOf } from './pointer-dat.ts';
import { readNewest } from './read-newest.ts';
import type { RememberedNames } from './remembered-names.ts';

export interface ResolveOptions {
  readonly publicKey: Uint8Array;
  readonly name: string;
  /** An answer that is no older than this is taken without asking the network. */
  readonly maxAgeMs: number;
  /** Fail rather than use an older answer when the network cannot be asked. */
  readonly mustAsk: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}

export interface ResolvedName {
  readonly pointer: Pointer;
  /** When the tree was published, Unix ms. */
  readonly publishedAt: number;
  /** False when the network could not be asked and an earlier answer was taken. */
  readonly fresh: boolean;
}

const UNREACHABLE: ReadonlySet<string> = new Set(['NODE_NO_PEERS', 'NODE_TIMEOUT', 'APP_TIMEOUT', 'APP_DAEMON_UNREACHABLE', 'APP_CONFIG']);

/**
 * What a tree's name stands for.
 * @throws PublishError PUBLISH_NOT_FOUND, PUBLISH_BLOCKS_SILENT, PUBLISH_BAD_POINTER and what the client throws
 */
export async function resolveName(connect: () => Promise<Client>, names: RememberedNames, options: ResolveOptions): Promise<ResolvedName> {
  const { publicKey, name, maxAgeMs, mustAsk, note } = options;
  const key = pointerKey(name);
  const remembered = await names.get(publicKey, key);
  const fall = (why: string, error: unknown): ResolvedName => {
    if (remembered === undefined || mustAsk) throw error;
    note(`${why}; using what '${name}' stood for at ${new Date(remembered.askedAt).toISOString()}`);
    return resolved(remembered.dat, false);
  };
  if (remembered !== undefined && !mustAsk && Date.now() - remembered.askedAt <= maxAgeMs) return resolved(remembered.dat, true);
  const answer = await ask(connect, key, options).catch((error: unknown) => error as Error);
  if (answer instanceof Error) {
    if (!UNREACHABLE.has(codeOf(answer) ?? '') && !(answer instanceof PublishError)) throw answer;
    return fall(answer instanceof PublishError ? answer.message : 'the network cannot be asked', answer);
  }
  let dat = answer;
  if (remembered !== undefined && remembered.dat.time > dat.time) {
    note(`the network has an older tree of that name than was seen before; taking the newer one`);
    dat = remembered.dat;
  }
  const result = resolved(dat, true);
  await names.set({ dat, askedAt: Date.now() });
  return result;
}

function resolved(dat: Dat, fresh: boolean): ResolvedName {
  return { pointer: pointerOf(dat), publishedAt: dat.time, fresh };
}

/** Asks all replicas for the newest pointer, and checks the author's signature here too: all else follows from it. */
async function ask(connect: () => Promise<Client>, key: string, { publicKey, name, timeoutMs, signal }: ResolveOptions): Promise<Dat> {
  const client = await connect();
  const result = await readNewest(client, publicKey, key, { timeoutMs, signal });
  if (!result.found) {
    if (result.answered === 0) throw new PublishError('PUBLISH_BLOCKS_SILENT', `none of ${result.asked} peers answered within ${timeoutMs / 1000} s`, { details: { asked: result.asked, answered: 0 } });
    throw new PublishError('PUBLISH_NOT_FOUND', `there is no tree '${name}' of this author: ${result.answered} of ${result.asked} peers answered`, { details: { asked: result.asked, answered: result.answered } });
  }
  const { dat } = result;
  const verdict = await verifyDat(dat, { now: Date.now() });
  if (!verdict.valid || dat.key !== key || Buffer.compare(dat.publicKey, publicKey) !== 0) {
    throw new PublishError('PUBLISH_BAD_POINTER', `the pointer to '${name}' is not the author's (${verdict.valid ? 'another key' : verdict.reason})`);
  }
  return dat;
}
