import type { AppProtocol } from '@p2p/trace';

/** What a node's user asked it for, or it does by itself. */
export const COMMANDS = { put: 1, get: 2, batch: 3, repair: 4 } as const;
export type CommandName = keyof typeof COMMANDS;

/** ASCII `DAVE`. */
export const DAVE_APP_ID: Uint8Array = Uint8Array.of(0x44, 0x41, 0x56, 0x45);

const NAMES: readonly (string | undefined)[] = [undefined, 'PUT', 'GET', 'BATCH', 'REPAIR'];

/** Bytes of the author's key that an event keeps: its 64-bit id. */
const AUTHOR_BYTES = 8;

/** How a node's commands are read in a trace: the author's id, then as much of the key as fits into 34 bytes. */
export const daveProtocol: AppProtocol = {
  appId: DAVE_APP_ID,
  writeTraceData: (_command, payload, target) => target.set(payload.subarray(0, target.length)),
  describeCommand: (command) => NAMES[command] ?? `UNKNOWN_${command}`,
};

/** What `daveProtocol` takes: author and key of a dat. */
export function commandPayload(publicKey: Uint8Array, key: string | undefined): Uint8Array {
  const name = new TextEncoder().encode(key ?? '');
  const payload = new Uint8Array(AUTHOR_BYTES + name.length);
  payload.set(publicKey.subarray(0, AUTHOR_BYTES));
  payload.set(name, AUTHOR_BYTES);
  return payload;
}
