import { WireError } from './errors.ts';

/*
 * TextDecoder is not used: in fatal mode it throws, which costs microseconds on the packet path,
 * and it refuses views on shared memory in browsers. Keys have at most 255 bytes.
 */

/** Bytes that `text` takes in UTF-8, or −1 if it holds a lone surrogate, which UTF-8 cannot express. */
export function utf8Length(text: string): number {
  const units = text.length;
  let bytes = units;
  for (let index = 0; index < units; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      bytes += 1;
    } else if ((unit & 0xf800) !== 0xd800) {
      bytes += 2;
    } else {
      // Past the end charCodeAt gives NaN, which masks to 0 and so counts as lone.
      if (unit >= 0xdc00 || (text.charCodeAt(index + 1) & 0xfc00) !== 0xdc00) return -1;
      bytes += 2;
      index += 1;
    }
  }
  return bytes;
}

/** Writes `text`, which `utf8Length` has accepted, and returns the offset behind it. */
export function writeUtf8(text: string, target: Uint8Array, offset: number): number {
  let position = offset;
  for (let index = 0; index < text.length; index += 1) {
    let point = text.charCodeAt(index);
    if (point < 0x80) {
      target[position++] = point;
      continue;
    }
    if (point < 0x800) {
      target[position++] = 0xc0 | (point >> 6);
    } else {
      if ((point & 0xf800) === 0xd800) {
        index += 1;
        point = 0x10000 + ((point & 0x3ff) << 10) + (text.charCodeAt(index) & 0x3ff);
        target[position++] = 0xf0 | (point >> 18);
        target[position++] = 0x80 | ((point >> 12) & 0x3f);
      } else {
        target[position++] = 0xe0 | (point >> 12);
      }
      target[position++] = 0x80 | ((point >> 6) & 0x3f);
    }
    target[position++] = 0x80 | (point & 0x3f);
  }
  return position;
}

/**
 * The UTF-8 bytes of a key.
 *
 * @throws WireError `WIRE_NOT_UTF8` if `text` holds a lone surrogate.
 */
export function encodeUtf8(text: string): Uint8Array {
  const length = utf8Length(text);
  if (length < 0) throw new WireError('WIRE_NOT_UTF8', 'The text holds a lone surrogate: pass well-formed Unicode (String.prototype.toWellFormed).');
  const bytes = new Uint8Array(length);
  writeUtf8(text, bytes, 0);
  return bytes;
}

/** The text in bytes `start` to `end`, or undefined if they are not UTF-8. A BOM is kept: it is part of the key. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  for (let index = start; index < end; index += 1) if (bytes[index]! > 0x7f) return decodeMultiByte(bytes, start, end);
  return asciiText(bytes, start, end);
}

/** Eight at a time: character by character costs twice as much. */
function asciiText(b: Uint8Array, start: number, end: number): string {
  let text = '';
  let i = start;
  for (; i + 8 <= end; i += 8) {
    text += String.fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!);
  }
  if (i + 4 <= end) {
    text += String.fromCharCode(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!);
    i += 4;
  }
  for (; i < end; i += 1) text += String.fromCharCode(b[i]!);
  return text;
}

/** RFC 3629, table of well-formed byte sequences: no overlong forms, no surrogates, nothing above U+10FFFF. */
function decodeMultiByte(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  let index = start;
  while (index < end) {
    const lead = bytes[index]!;
    index += 1;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      continue;
    }
    const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead < 0xc2 || lead > 0xf4 || index + more > end) return undefined;
    let point = lead & (0x3f >> more);
    for (let count = 0; count < more; count += 1) {
      const byte = bytes[index]!;
      index += 1;
      if ((byte & 0xc0) !== 0x80) return undefined;
      point = (point << 6) | (byte & 0x3f);
    }
    if (more === 2 && (point < 0x800 || (point & 0xf800) === 0xd800)) return undefined;
    if (more === 3 && (point < 0x10000 || point > 0x10ffff)) return undefined;
    text += String.fromCodePoint(point);
  }
  return text;
}
