import type { TraceEvent } from '@p2p/trace-noop';
import { detailsOf, hex64 } from './event-details.ts';

const SHORT = 8;

/** One line for people, without line break: time, trace, node, kind and what the kind has. */
export function formatEvent(event: TraceEvent): string {
  const parts = [isoTime(event.timeUs), (event.traceId ?? '-').slice(0, SHORT), event.nodeId.slice(0, SHORT), event.kind.padEnd(15)];
  if (event.peerId !== undefined) parts.push(`peer=${event.peerId.slice(0, SHORT)}`);
  if (event.spanId !== 0n) parts.push(`span=${hex64(event.spanId).slice(0, SHORT)}`);
  for (const [name, value] of Object.entries(detailsOf(event))) parts.push(`${name}=${typeof value === 'string' ? printable(value) : value}`);
  if (event.truncated) parts.push('(truncated)');
  return parts.join(' ');
}

/** Text of others, quoted where it could break the line or move a terminal's cursor. */
function printable(text: string): string {
  return /^[\p{L}\p{N}\p{P}\p{S}]*$/u.test(text) ? text : JSON.stringify(text).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}

const DAY_SECONDS = 86_400;
const two = (value: number): string => `${Math.floor(value)}`.padStart(2, '0');

/** UTC with microseconds. */
function isoTime(timeUs: number): string {
  if (!Number.isFinite(timeUs)) return '?';
  const whole = Math.floor(timeUs);
  const seconds = Math.floor(whole / 1e6);
  const micros = whole - seconds * 1e6;
  const ofDay = ((seconds % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
  return `${two(ofDay / 3600)}:${two((ofDay / 60) % 60)}:${two(ofDay % 60)}.${`${micros}`.padStart(6, '0')}`;
}
