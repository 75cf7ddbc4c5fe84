import { MAX_KEY_BYTES, MIN_WORK } from './constants.ts';
import { datDigestInto } from './dat-digest.ts';
import type { Dat } from './message.ts';
import type { SignatureBackend } from './signature/backend.ts';
import { defaultBackend } from './signature/default-backend.ts';
import { utf8Length } from './utf8.ts';
import { checkWork, leadingZeroBits } from './work.ts';

/**
 * Why a dat is refused, in the order of the checks: it cannot be encoded at all (a field's length, a
 * key above 255 bytes or not well-formed, a time that is no integer from 0 to 2⁵³ − 1) · its time is
 * ahead of the clock · fewer leading zero bits than demanded · the work is not that of salt and
 * signature · the signature.
 */
export type DatRefusal = 'malformed' | 'future' | 'work-too-low' | 'work-mismatch' | 'signature';

/** Verdict on a dat. */
export type Verdict = { readonly valid: true } | { readonly valid: false; readonly reason: DatRefusal };

export interface VerifyDatOptions {
  /** Unix ms, the clock against which the dat's time counts as future. */
  now: number;
  /** Leading zero bits demanded. Default and protocol minimum: 8. */
  minWork?: number;
  /** How far the dat's time may be ahead of `now`. Default 0, as in the Go implementation. */
  skewMs?: number;
  /** Default: the fastest one that is installed. All give the same verdict. */
  backend?: SignatureBackend;
}

const VALID: Verdict = Object.freeze({ valid: true });
const REFUSED: { readonly [reason in DatRefusal]: Verdict } = {
  malformed: refusal('malformed'),
  future: refusal('future'),
  'work-too-low': refusal('work-too-low'),
  'work-mismatch': refusal('work-mismatch'),
  signature: refusal('signature'),
};
const digest: Uint8Array = new Uint8Array(32);

/**
 * Checks a dat: time, work, signature, cheapest first. Never rejects for a bad dat. The dat's bytes
 * are taken before the call returns. A backend with `verifyAsync` checks the signature off this
 * thread.
 * @throws TypeError (verifyDat rejects with it) when `now`, `skewMs` or `minWork` is no number.
 *
 * @example
 * const verdict = await verifyDat(dat, { now: Date.now() });
 * if (!verdict.valid) console.log(verdict.reason);
 */
export async function verifyDat(dat: Dat, options: VerifyDatOptions): Promise<Verdict> {
  const refused = refuseUnsigned(dat, options);
  if (refused !== undefined) return refused;
  datDigestInto(digest, dat);
  const backend = options.backend ?? defaultBackend();
  const signed =
    backend.verifyAsync === undefined
      ? backend.verify(digest, dat.signature, dat.publicKey)
      : await backend.verifyAsync(digest, dat.signature, dat.publicKey);
  return signed ? VALID : REFUSED.signature;
}

/** {@link verifyDat} on the calling thread, for workers. */
export function verifyDatSync(dat: Dat, options: VerifyDatOptions): Verdict {
  const refused = refuseUnsigned(dat, options);
  if (refused !== undefined) return refused;
  datDigestInto(digest, dat);
  const backend = options.backend ?? defaultBackend();
  return backend.verify(digest, dat.signature, dat.publicKey) ? VALID : REFUSED.signature;
}

/** All that is refused before the signature is looked at. */
function refuseUnsigned(dat: Dat, options: VerifyDatOptions): Verdict | undefined {
  // Compared with NaN everything passes: a forgotten clock must not switch a check off.
  const latest = options.now + (options.skewMs ?? 0);
  const minWork = options.minWork ?? MIN_WORK;
  if (typeof latest !== 'number' || Number.isNaN(latest)) throw badOption('now and skewMs must be numbers of milliseconds', options);
  if (typeof minWork !== 'number' || !(minWork >= 0)) throw badOption('minWork must be a number of bits from 0 on', options);
  if (!isEncodable(dat)) return REFUSED.malformed;
  if (dat.time > latest) return REFUSED.future;
  if (leadingZeroBits(dat.work) < minWork) return REFUSED['work-too-low'];
  if (!checkWork(dat.signature, dat.salt, dat.work)) return REFUSED['work-mismatch'];
  return undefined;
}

function isEncodable(dat: Dat): boolean {
  return (
    dat.salt.length === 16 &&
    dat.work.length === 32 &&
    dat.signature.length === 64 &&
    dat.publicKey.length === 32 &&
    dat.value.length <= 0xffff &&
    dat.time >= 0 &&
    Number.isSafeInteger(dat.time) &&
    isEncodableKey(dat.key)
  );
}

/** The first test is the cheap one: UTF-8 never has fewer bytes than the string has units. */
function isEncodableKey(key: string): boolean {
  if (key.length > MAX_KEY_BYTES) return false;
  const length = utf8Length(key);
  return length >= 0 && length <= MAX_KEY_BYTES;
}

function badOption(rule: string, { now, skewMs, minWork }: VerifyDatOptions): TypeError {
  return new TypeError(`verifyDat: ${rule}, got now ${String(now)}, skewMs ${String(skewMs)}, minWork ${String(minWork)}`);
}

function refusal(reason: DatRefusal): Verdict {
  return Object.freeze({ valid: false, reason });
}
