import type { PutResult } from '@p2p/dave-node';
import { codeOf } from '../cli/app-error.ts';
import { idToHex } from './dat-json.ts';

/** Where a dat has gone, with ids as they are shown. */
export function placedOf(result: Pick<PutResult, 'acks' | 'replicas'>): { acks: number; replicas: { id: string; outcome: string }[] } {
  return { acks: result.acks, replicas: result.replicas.map(({ id, outcome }) => ({ id: idToHex(id), outcome })) };
}

/** The library's advice, in the words of the command line. */
function forCommands(message: string): string {
  return message.replace('put the same dat again with putDat', 'put it again').replace(', or wait with waitForActivePeers first', ', or allow more --timeout');
}

/** A failure as it is shown: of a put with too few acknowledgements also how far it got. */
export function refusalOf(error: unknown): { code: string | undefined; message: string; details: Readonly<Record<string, unknown>> } {
  const { message, result } = error as Error & { result?: PutResult };
  const code = codeOf(error);
  return { code, message: forCommands(message), details: code === 'NODE_NOT_ENOUGH_ACKS' && result !== undefined ? placedOf(result) : {} };
}
