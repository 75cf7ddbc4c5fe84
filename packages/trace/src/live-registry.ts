import type { AppProtocol } from '@p2p/trace-noop';
import { APP_ID_BYTES } from './event-layout.ts';
import { wordAt } from './text-bytes.ts';

/** Protocols by their ids. */
export class LiveAppRegistry {
  readonly #protocols = new Map<number, AppProtocol>();

  register(protocol: AppProtocol): boolean {
    const { appId } = protocol;
    if (!(appId instanceof Uint8Array) || appId.length !== APP_ID_BYTES) throw new TypeError('appId must be 4 bytes.');
    const word = wordAt(appId, 0);
    const known = this.#protocols.get(word);
    if (known !== undefined) return known === protocol;
    this.#protocols.set(word, protocol);
    return true;
  }

  get(appId: Uint8Array): AppProtocol | undefined {
    return appId.length === APP_ID_BYTES ? this.#protocols.get(wordAt(appId, 0)) : undefined;
  }
}
