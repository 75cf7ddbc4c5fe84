import { encodeUtf8 } from '@p2p/dave-wire';
import { LIMITS } from './limits.ts';
import { PublishError } from './publish-error.ts';

const SLASH = 0x2f;
const DOT = 0x2e;

/** Why no file may have this name; undefined if one may. */
export function nameRefusal(name: Uint8Array): string | undefined {
  if (name.length === 0) return 'a name is empty';
  if (name.length > LIMITS.nameBytes) return `a name has ${name.length} bytes, at most ${LIMITS.nameBytes} are allowed`;
  if (name.includes(0)) return 'a name holds a zero byte';
  if (name.includes(SLASH)) return 'a name holds a slash';
  if (name.every((byte) => byte === DOT) && name.length <= 2) return `a name is '${name.length === 1 ? '.' : '..'}'`;
  return undefined;
}

/** Printable text of any bytes: what is no UTF-8, and what controls a terminal, as `\xNN`. */
export function shownBytes(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    text = String.fromCharCode(...bytes).replaceAll(/[\u0080-\u00FF]/g, escaped);
  }
  return shownText(text);
}

/** Printable text of any text, as `shownBytes`. */
export function shownText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\\]/gu, (character) => (character === '\\' ? '\\\\' : [...encodeUtf8(character)].map(hex).join('')));
}

const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;
const escaped = (character: string): string => hex(character.charCodeAt(0));

/**
 * The name that a tree is published under: 1 to 200 bytes of UTF-8 without control characters.
 * @throws PublishError PUBLISH_UNSAFE_NAME
 */
export function assertTreeName(name: string): void {
  const refusal = treeNameRefusal(name);
  if (refusal !== undefined) throw new PublishError('PUBLISH_UNSAFE_NAME', `${JSON.stringify(name)} cannot name a tree: ${refusal}`);
}

function treeNameRefusal(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (!name.isWellFormed() || name.includes('\uFFFD')) return 'it is no valid text';
  if (/\p{Cc}/u.test(name)) return 'it holds control characters';
  const { length } = encodeUtf8(name);
  return length > LIMITS.treeNameBytes ? `it has ${length} bytes, at most ${LIMITS.treeNameBytes} are allowed` : undefined;
}
