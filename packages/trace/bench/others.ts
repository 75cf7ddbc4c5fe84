// What other ways of writing down an event cost, for scale. They do more: text, levels, processors.
import { BasicTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { pino } from 'pino';
import { timeInTurn, type Batch } from './batches.ts';

const clockReads: Batch = (count) => {
  let sum = 0;
  for (let n = 0; n < count; n += 1) sum += performance.now();
  return sum;
};

const peerId = '07'.repeat(32);
const SUBJECTS: Readonly<Record<string, () => Batch>> = {
  pino: () => {
    const logger = pino({ level: 'info' }, { write: () => undefined });
    return (count) => {
      for (let n = 0; n < count; n += 1) logger.info({ trace: 'f00dcafe', peer: peerId, size: 1200, number: n }, 'packet sent');
      return count;
    };
  },
  otel: () => {
    const nowhere: SpanProcessor = { onStart: () => undefined, onEnd: () => undefined, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() };
    const tracer = new BasicTracerProvider({ spanProcessors: [nowhere] }).getTracer('bench');
    return (count) => {
      for (let n = 0; n < count; n += 1) tracer.startSpan('packet', { attributes: { peer: peerId, size: 1200, number: n } }).end();
      return count;
    };
  },
  'otel-event': () => {
    const nowhere: SpanProcessor = { onStart: () => undefined, onEnd: () => undefined, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() };
    const tracer = new BasicTracerProvider({ spanProcessors: [nowhere] }).getTracer('bench');
    return (count) => {
      // A span keeps 128 events: a new one for each hundred.
      for (let n = 0; n < count; n += 100) {
        const span = tracer.startSpan('packets');
        for (let event = n; event < n + 100; event += 1) span.addEvent('packet', { peer: peerId, size: 1200, number: event });
        span.end();
      }
      return count;
    };
  },
};

const subject = SUBJECTS[process.argv[2] ?? ''];
if (subject === undefined) throw new TypeError(`usage: others.ts ${Object.keys(SUBJECTS).join(' | ')}`);
const [event, clock] = timeInTurn([subject(), clockReads], 100, 1000);
console.log(JSON.stringify({ event, clock }));
