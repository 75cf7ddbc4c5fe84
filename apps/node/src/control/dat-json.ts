import type { Dat } from '@p2p/dave-wire';
import * as z from 'zod';

const hexBytes = (length: number): z.ZodType<Uint8Array, string> =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${length * 2}}$`), `must be ${length} bytes in lower-case hex`)
    .transform((hex) => new Uint8Array(Buffer.from(hex, 'hex')));

/** A dat as JSON: bytes in hex, the value in base64. */
export const datSchema = z.strictObject({
  time: z.int().min(0),
  salt: hexBytes(16),
  work: hexBytes(32),
  signature: hexBytes(64),
  publicKey: hexBytes(32),
  key: z.string().max(255),
  value: z.base64().max(2048).transform((text) => new Uint8Array(Buffer.from(text, 'base64'))),
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export function datToJson(dat: Dat): z.input<typeof datSchema> {
  return {
    time: dat.time,
    salt: hex(dat.salt),
    work: hex(dat.work),
    signature: hex(dat.signature),
    publicKey: hex(dat.publicKey),
    key: dat.key,
    value: Buffer.from(dat.value).toString('base64'),
  };
}

/** A 64-bit id as it is shown everywhere: 16 hex digits. */
export function idToHex(id: bigint): string {
  return id.toString(16).padStart(16, '0');
}
