import { type AddrPort, parseAddrPort } from '@p2p/dave-wire';
import { NodeError } from '../../errors.ts';
import { addressClass, isDialable } from './address-class.ts';

/** A configured edge or a hint, taken apart. */
export interface EdgeAddress {
  /** As it was written. */
  readonly text: string;
  /** Name or literal, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Set when the host is an IP address. */
  readonly literal: AddrPort | undefined;
  readonly publicKey: Uint8Array | undefined;
}

const SHAPE = /^(?:([0-9a-f]{64})@)?(\[[0-9a-f:.]+\]|[a-z0-9._-]+):(\d{1,5})$/i;

/**
 * Reads `host:port`, `192.0.2.7:4127`, `[2001:db8::1]:4127`, each optionally behind `<publicKey hex>@`.
 * @throws NodeError NODE_BAD_OPTION
 */
export function parseEdgeAddress(text: string): EdgeAddress {
  const [, keyHex, hostText = '', portText = ''] = SHAPE.exec(text) ?? [];
  const port = Number(portText);
  // 65535 leaves no port for TCP above it.
  if (hostText === '' || port < 1 || port > 65_534) throw badEdge(text);
  const publicKey = keyHex === undefined ? undefined : fromHex(keyHex);
  const isLiteral = hostText.startsWith('[') || /^[\d.]+$/.test(hostText);
  if (!isLiteral) return { text, host: hostText, port, literal: undefined, publicKey };
  try {
    const literal = parseAddrPort(`${hostText}:${port}`);
    if (!isDialable(literal, addressClass(literal.address))) throw badEdge(text);
    return { text, host: literal.address, port, literal, publicKey };
  } catch (cause) {
    throw badEdge(text, cause);
  }
}

function badEdge(text: string, cause?: unknown): NodeError {
  const message = `The edge "${text}" is no address of a peer: write host:port, 192.0.2.7:4127 or [2001:db8::1]:4127 with a port from 1 to 65534, optionally with <64 hex digits of the public key>@ before it.`;
  return new NodeError('NODE_BAD_OPTION', message, cause === undefined ? undefined : { cause });
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}
