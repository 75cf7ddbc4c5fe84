import type { AddrPort, Put } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import { isKept, type Ingest } from './ingest.ts';
import type { OperationsModules } from './modules.ts';
import { ackNames, putAck } from './put-acks.ts';

/**
 * Takes a PUT that came as a datagram. Its sender gets a PUT_ACK only when its PUT says that it
 * knows what that is: it carried a request id or capabilities.
 */
export async function receivePut(
  modules: Pick<OperationsModules, 'endpoint' | 'emitter' | 'trace'>,
  ingest: Ingest,
  message: Put,
  from: AddrPort,
): Promise<void> {
  if (TRACE) modules.trace?.serve(message, 'serve-put', from);
  const requestId = message.extensions?.requestId;
  const wanted = requestId !== undefined || message.extensions?.capabilities !== undefined;
  const names = wanted ? ackNames(message.entry.dat) : undefined;
  const to = { ...from };
  const result = await ingest.receive(message.entry, 'udp', { shed: true });
  if (result.reason === 'overloaded') modules.emitter.emit('shed', { what: 'put', reason: 'too many dats wait for verification' });
  if (names !== undefined) {
    const answer = putAck(names, result.code, requestId);
    if (TRACE) modules.trace?.stamp(answer, message);
    modules.endpoint.send(answer, to);
  }
  if (TRACE) modules.trace?.finish(message, 'serve-put', isKept(result));
}
