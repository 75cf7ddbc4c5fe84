import { formatAddrPort, type AddrPort } from '@p2p/dave-wire';
import { connect, type Socket } from 'node:net';
import { NodeError } from '../errors.ts';

/** Connects to an address. Rejects with NodeError NODE_CONNECT_FAILED, or `signal.reason`. */
export function dial(to: AddrPort, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    if (to.port < 1 || to.port > 65_535) {
      reject(new NodeError('NODE_CONNECT_FAILED', `There is no TCP port ${to.port} at ${to.address}: a peer's UDP port is 1 to 65534.`));
      return;
    }
    const socket = connect({ host: to.address, port: to.port, allowHalfOpen: true, noDelay: true });
    const settle = (act: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
      socket.removeListener('connect', onConnect);
      act();
    };
    const drop = (reason: unknown): void => {
      settle(() => reject(reason));
      // An error that is still under way has nobody left to hear it.
      socket.on('error', () => {});
      socket.destroy();
    };
    const onAbort = (): void => drop(signal.reason);
    const onError = (cause: Error): void => {
      drop(new NodeError('NODE_CONNECT_FAILED', `Cannot connect to ${formatAddrPort(to)}: is the peer up, and its TCP port reachable?`, { cause }));
    };
    const onConnect = (): void => settle(() => resolve(socket));
    socket.once('error', onError);
    socket.once('connect', onConnect);
    signal.addEventListener('abort', onAbort);
  });
}
