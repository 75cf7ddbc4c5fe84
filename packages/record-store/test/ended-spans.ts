import type { EventLog } from '@p2p/trace';

/** The spans of a log in the order in which they ended, such as `records.redis.get ok`. */
export function endedSpans(log: EventLog): string[] {
  return log.query.where({ kinds: ['spanEnd'] }).flatMap((event) => (event.kind === 'spanEnd' ? [`${event.name} ${event.ok ? 'ok' : 'failed'}`] : []));
}
