import * as z from 'zod';
import { parseByteSize } from './byte-size.ts';

const byteSize = z.union([z.int().min(0), z.string()]).transform((value, context) => {
  const bytes = typeof value === 'number' ? value : parseByteSize(value);
  if (bytes === undefined) {
    context.addIssue({ code: 'custom', message: `is no size; write for example 512MiB or 2GB`, input: value });
    return z.NEVER;
  }
  return bytes;
});

const hostPort = z.string().regex(/^.+:\d{1,5}$/, 'must be host:port, for example 203.0.113.5:4127 or [2001:db8::1]:4127');
const edge = z
  .string()
  .regex(/^(?:[0-9a-fA-F]{64}@)?.+:\d{1,5}$/, 'must be host:port or <publicKey hex>@host:port, for example seed.example.org:4127');

/** One strict schema: the YAML file, `DAVE_*` variables and flags all end up here. */
export const configSchema = z.strictObject({
  listen: hostPort.default('[::]:4127').describe('UDP address; TCP listens on the next port'),
  edges: z.array(edge).default([]).describe('peers to start from'),
  dataDir: z.string().min(1).describe('key, control socket, data'),
  keyFile: z.string().min(1).optional().describe('default: key.dave in dataDir'),
  capacity: byteSize.default(256 * 1024 * 1024).describe('bytes of dats held for the network, in all'),
  verifyThreads: z.int().min(0).max(64).optional().describe('threads that check signatures'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

export type Config = z.output<typeof configSchema>;

/** Every name that a configuration may use. */
export const CONFIG_KEYS: readonly string[] = Object.keys(configSchema.shape);
