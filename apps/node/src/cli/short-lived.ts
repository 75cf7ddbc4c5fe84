import type { Logger } from '@p2p/dave-node';
import { createLogger } from '../compose.ts';
import type { Config } from '../config/schema.ts';

/** A node that lives for one command only speaks up when something is wrong. */
export function shortLivedLogger(level: Config['logLevel']): Logger {
  return createLogger(level === 'info' ? 'warn' : level);
}
