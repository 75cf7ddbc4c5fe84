/*
 * IP addresses as text and as eight 16-bit groups. IPv4 is held as ::ffff:a.b.c.d, as on the wire.
 * Parsing writes into the caller's groups, so that encoding an address allocates nothing.
 */

const DOT = 0x2e;
const COLON = 0x3a;

/** Parses dotted IPv4 or RFC 4291 IPv6 text; zone ids, leading zeros in octets and anything else are refused with false. */
export function parseIp(text: string, groups: Uint16Array): boolean {
  if (text.includes(':')) return parseIpv6(text, groups);
  const value = parseIpv4(text, 0);
  if (value < 0) return false;
  groups.fill(0, 0, 5);
  groups[5] = 0xffff;
  groups[6] = value >>> 16;
  groups[7] = value & 0xffff;
  return true;
}

/** The u32 of the dotted IPv4 address that runs from `start` to the end of the text, or −1. */
function parseIpv4(text: string, start: number): number {
  let value = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let index = start; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit === DOT) {
      if (digits === 0 || dots === 3) return -1;
      value = value * 256 + octet;
      octet = 0;
      digits = 0;
      dots += 1;
      continue;
    }
    const digit = unit - 0x30;
    // A leading zero is refused because some parsers read it as octal.
    if (digit < 0 || digit > 9 || (digits > 0 && octet === 0)) return -1;
    octet = octet * 10 + digit;
    digits += 1;
    if (octet > 255) return -1;
  }
  return digits === 0 || dots !== 3 ? -1 : value * 256 + octet;
}

function hexDigit(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function parseIpv6(text: string, groups: Uint16Array): boolean {
  const end = text.length;
  let count = 0;
  let gap = -1;
  let index = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    gap = 0;
    index = 2;
  }
  while (index < end) {
    if (count === 8) return false;
    const start = index;
    let value = 0;
    for (let digit = hexDigit(text.charCodeAt(index)); index < end && digit >= 0; digit = hexDigit(text.charCodeAt(index))) {
      value = value * 16 + digit;
      index += 1;
      if (index - start > 4) return false;
    }
    if (index < end && text.charCodeAt(index) === DOT) {
      const ipv4 = count > 6 ? -1 : parseIpv4(text, start);
      if (ipv4 < 0) return false;
      groups[count] = ipv4 >>> 16;
      groups[count + 1] = ipv4 & 0xffff;
      count += 2;
      break;
    }
    if (index === start) return false;
    groups[count] = value;
    count += 1;
    if (index === end) break;
    if (text.charCodeAt(index) !== COLON || index + 1 === end) return false;
    index += 1;
    if (text.charCodeAt(index) === COLON) {
      if (gap >= 0) return false;
      gap = count;
      index += 1;
    }
  }
  if (gap < 0) return count === 8;
  if (count === 8) return false;
  groups.copyWithin(8 - count + gap, gap, count);
  groups.fill(0, gap, 8 - count + gap);
  return true;
}

/** Dotted IPv4 for ::ffff:0:0/96, RFC 5952 text for all else. */
export function formatIp(groups: Uint16Array): string {
  if (isIpv4Mapped(groups)) {
    const high = groups[6]!;
    const low = groups[7]!;
    return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
  }
  // RFC 5952 §4.2: "::" replaces the longest run of two or more zero groups, the first of equals.
  let runStart = -1;
  let runLength = 1;
  for (let index = 0; index < 8; index += 1) {
    let length = 0;
    while (index + length < 8 && groups[index + length] === 0) length += 1;
    if (length > runLength) {
      runStart = index;
      runLength = length;
    }
    index += length;
  }
  let text = '';
  for (let index = 0; index < 8; index += 1) {
    if (index === runStart) {
      text += '::';
      index += runLength - 1;
      continue;
    }
    if (index > 0 && index !== runStart + runLength) text += ':';
    text += groups[index]!.toString(16);
  }
  return text;
}

function isIpv4Mapped(groups: Uint16Array): boolean {
  return groups[5] === 0xffff && (groups[0]! | groups[1]! | groups[2]! | groups[3]! | groups[4]!) === 0;
}
