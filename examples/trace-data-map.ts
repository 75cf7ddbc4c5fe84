// An application's own protocol in the trace: the data map of the tracing specification, a store and a failed get.
// Run it with `node --conditions=p2p-trace examples/trace-data-map.ts`.
import { createEventLog, formatEvent, TRACE, TRACE_FLAGS, type AppProtocol } from '@p2p/trace';

const DATA_MAP = new TextEncoder().encode('DMAP');
const STORE_CHUNK = 1;
const GET_CHUNK = 2;
const DELETE_CHUNK = 3;
const NAMES: Readonly<Record<number, string>> = { [STORE_CHUNK]: 'STORE_CHUNK', [GET_CHUNK]: 'GET_CHUNK', [DELETE_CHUNK]: 'DELETE_CHUNK' };

/** Keeps a chunk's hash, and of a stored one its size. A payload that is too short leaves zeros. */
const dataMap: AppProtocol = {
  appId: DATA_MAP,
  writeTraceData: (command, payload, target) => target.set(payload.subarray(0, command === STORE_CHUNK ? 36 : 32)),
  describeCommand: (command) => NAMES[command] ?? 'UNKNOWN',
};

const log = createEventLog.full();
if (TRACE) log.apps.register(dataMap);

const chunks = new Map<string, Uint8Array>();

function request(command: number, payload: Uint8Array): boolean {
  const context = log.newTrace(TRACE_FLAGS.appInitiated);
  if (TRACE) log.appStart(context, undefined, DATA_MAP, command);
  if (TRACE) log.appCommand(context, undefined, DATA_MAP, command, payload);
  const hash = Buffer.from(payload.subarray(0, 32)).toString('hex');
  const ok = command === STORE_CHUNK ? chunks.set(hash, payload.subarray(36)) !== undefined : chunks.has(hash);
  if (TRACE) log.appEnd(context, undefined, DATA_MAP, command, ok);
  return ok;
}

const chunk = new Uint8Array(36 + 1000).fill(7, 0, 32);
console.log(`store: ${request(STORE_CHUNK, chunk)}, get: ${request(GET_CHUNK, chunk)}, get of another: ${request(GET_CHUNK, new Uint8Array(32))}`);
if (TRACE) {
  for (const event of log.query.where({ appId: DATA_MAP })) console.log(formatEvent(event));
  for (const { name, reasons } of log.query.problems()) console.log(`problem in ${name}: ${Object.keys(reasons).join(', ')}`);
}
