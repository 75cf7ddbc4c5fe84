import type { AddrPort, Put } from '@p2p/dave-wire';
import type { Ingest } from './ingest.ts';
import type { OperationsModules } from './modules.ts';
import { ackNames, putAck } from './put-acks.ts';

/**
 * Takes a PUT that came as a datagram. Its sender gets a PUT_ACK only when its PUT says that it
 * knows what that is: it carried a request id or capabilities.
 */
export async function receivePut(
  modules: Pick<OperationsModules, 'endpoint' | 'emitter'>,
  ingest: Ingest,
  message: Put,
  from: AddrPort,
): Promise<void> {
  const requestId = message.extensions?.requestId;
  const wanted = requestId !== undefined || message.extensions?.capabilities !== undefined;
  const names = wanted ? ackNames(message.entry.dat) : undefined;
  const to = { ...from };
  const result = await ingest.receive(message.entry, 'udp', { shed: true });
  if (result.reason === 'overloaded') modules.emitter.emit('shed', { what: 'put', reason: 'too many dats wait for verification' });
  if (names !== undefined) modules.endpoint.send(putAck(names, result.code, requestId), to);
}
