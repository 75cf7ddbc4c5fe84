import type { DaveNode } from '@p2p/dave-node';
import { formatEvent, type EventLog, type TraceCursor, type TraceEvent } from '@p2p/trace';
import type { Hono } from 'hono';
import * as z from 'zod';
import { json, problem } from '../control/answers.ts';
import { asJson, shownTrace } from './shown-trace.ts';
import { logOf } from './trace-logs.ts';

const MAX_EVENTS = 10_000;
const MAX_TRACES = 1000;

/** What queries must look like. Made when it is needed: a call at the top of a file stays in builds without tracing. */
function querySchemas() {
  return {
    tail: z.strictObject({
      last: z.coerce.number().int().min(0).max(MAX_EVENTS).default(20),
      cursor: z
        .string()
        .regex(/^\d+(?:,\d+)*$/)
        .transform((text) => text.split(',').map(Number))
        .optional(),
    }),
    list: z.strictObject({ limit: z.coerce.number().int().min(1).max(MAX_TRACES).default(20) }),
    exported: z.strictObject({ format: z.enum(['chrome', 'json', 'otlp', 'dump']).default('chrome') }),
  };
}

/** What a log is asked for over the control socket. Rendering is done here: who asks may be a build without tracing. */
export function addTraceRoutes(app: Hono, node: DaveNode): void {
  const log = logOf(node);
  const schemas = querySchemas();
  app.get('/v1/traces', (context) => {
    const query = schemas.list.safeParse(context.req.query());
    if (!query.success) return problem(400, 'APP_USAGE', z.prettifyError(query.error));
    return json({ slowest: log.query.slowest(query.data.limit), problems: log.query.problems().slice(0, query.data.limit), log: log.stats });
  });
  app.get('/v1/traces/events', (context) => {
    const query = schemas.tail.safeParse(context.req.query());
    if (!query.success) return problem(400, 'APP_USAGE', z.prettifyError(query.error));
    return json(tail(log, query.data));
  });
  app.get('/v1/traces/:id', (context) => {
    const events = eventsOf(log, context.req.param('id'));
    if (events instanceof Response) return events;
    return json(shownTrace(log, context.req.param('id'), events));
  });
  app.get('/v1/traces/:id/export', (context) => {
    const query = schemas.exported.safeParse(context.req.query());
    if (!query.success) return problem(400, 'APP_USAGE', z.prettifyError(query.error));
    const events = eventsOf(log, context.req.param('id'));
    if (events instanceof Response) return events;
    return json({ format: query.data.format, base64: exported(log, events, query.data.format).toString('base64') });
  });
}

function tail(log: EventLog, { last, cursor }: { last: number; cursor?: TraceCursor | undefined }): object {
  const followed = log.query.since(cursor);
  const events = cursor === undefined ? (last === 0 ? [] : followed.events.slice(-last)) : followed.events.slice(-MAX_EVENTS);
  const missed = cursor === undefined ? 0 : followed.missed + followed.events.length - events.length;
  return { lines: events.map(formatEvent), events: asJson(log, events), cursor: followed.cursor.join(','), missed };
}

/** All of the log, or one trace of it. */
function eventsOf(log: EventLog, id: string): TraceEvent[] | Response {
  if (id === 'all') return [...log.query.since().events];
  if (!/^[0-9a-f]{32}$/.test(id)) return problem(400, 'APP_USAGE', "a trace id is 32 lower-case hex digits, or 'all'");
  const events = log.query.trace(id);
  return events.length === 0 ? problem(404, 'APP_TRACE_NOT_FOUND', `nothing of trace ${id} is in the log`) : events;
}

function exported(log: EventLog, events: readonly TraceEvent[], format: 'chrome' | 'json' | 'otlp' | 'dump'): Buffer {
  if (format === 'dump') return Buffer.from(log.query.exportDump(events));
  const { query } = log;
  const text = format === 'chrome' ? query.exportChrome(events) : format === 'otlp' ? query.exportOtlp(events) : query.exportJson(events);
  return Buffer.from(text);
}
