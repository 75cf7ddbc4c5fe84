import type { PeerRef, TraceContext } from './context-types.ts';

interface InputBase {
  /** undefined: the event belongs to no trace. */
  readonly context: TraceContext | undefined;
  readonly peer?: PeerRef;
  /** Unix µs; default: the log's clock. */
  readonly timeUs?: number;
}

/** An event for `log.log(event)`: the fields of the writer methods, by name. */
export type TraceEventInput = InputBase &
  (
    | { readonly kind: 'connInit'; readonly endpoint: string }
    | { readonly kind: 'connEstablished'; readonly rttUs: number }
    | { readonly kind: 'connClosed'; readonly code: number | bigint }
    | { readonly kind: 'streamOpened'; readonly streamId: number | bigint }
    | { readonly kind: 'streamData'; readonly streamId: number | bigint; readonly offset: number | bigint; readonly length: number; readonly fin: boolean }
    | { readonly kind: 'streamClosed'; readonly streamId: number | bigint; readonly code: number | bigint }
    | { readonly kind: 'packetSent' | 'packetReceived'; readonly size: number; readonly packetNumber: number | bigint }
    | { readonly kind: 'packetLost'; readonly packetNumber: number | bigint }
    | { readonly kind: 'appStart'; readonly appId: Uint8Array; readonly command: number }
    | { readonly kind: 'appCommand'; readonly appId: Uint8Array; readonly command: number; readonly payload: Uint8Array }
    | { readonly kind: 'appEnd'; readonly appId: Uint8Array; readonly command: number; readonly ok: boolean }
    | { readonly kind: 'custom'; readonly category: number; readonly code: number; readonly data?: Uint8Array }
    | { readonly kind: 'spanStart'; readonly name: string }
    | { readonly kind: 'spanEnd'; readonly name: string; readonly ok?: boolean }
  );
