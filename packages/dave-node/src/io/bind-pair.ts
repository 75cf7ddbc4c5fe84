import type { Socket } from 'node:net';
import { NodeError } from '../errors.ts';
import type { ListenAddress } from './listen-address.ts';
import { TcpListener } from './tcp-listener.ts';
import { UdpSocket, type UdpHandlers } from './udp-socket.ts';

export interface PairHandlers extends UdpHandlers {
  onSocket(socket: Socket): void;
}

export interface BoundPair {
  readonly udp: UdpSocket;
  readonly tcp: TcpListener;
}

/** How often another pair is tried when the TCP port above a free UDP port is taken. */
const MOST_ATTEMPTS = 64;
/** What binding `::` says on a host without IPv6. */
const NO_IPV6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL', 'EPROTONOSUPPORT']);

/**
 * Binds a UDP port and the TCP port above it. `::` serves IPv4 too, and falls back to 0.0.0.0 on
 * hosts without IPv6. Rejects with NodeError NODE_ADDRESS_IN_USE, NODE_LISTEN_FAILED.
 */
export async function bindPair(at: ListenAddress, bufferBytes: number, handlers: PairHandlers): Promise<BoundPair> {
  try {
    return await bindAt(at, bufferBytes, handlers);
  } catch (error) {
    if (at.address !== '::' || !NO_IPV6.has(systemCode((error as Error).cause))) throw error;
    return await bindAt({ address: '0.0.0.0', port: at.port }, bufferBytes, handlers);
  }
}

async function bindAt(at: ListenAddress, bufferBytes: number, handlers: PairHandlers): Promise<BoundPair> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await bindOnce(at, bufferBytes, handlers);
    } catch (error) {
      const taken = (error as NodeError).code === 'NODE_ADDRESS_IN_USE';
      if (!taken || at.port !== 0 || attempt === MOST_ATTEMPTS) throw error;
    }
  }
}

async function bindOnce(at: ListenAddress, bufferBytes: number, handlers: PairHandlers): Promise<BoundPair> {
  const udp = await UdpSocket.bind({ ...at, bufferBytes }, handlers).catch((cause: unknown) => {
    throw bindError('UDP', at.address, at.port, cause);
  });
  const tcpPort = udp.address.port + 1;
  try {
    // The system may choose 65535, above which there is no port: as good as taken.
    if (tcpPort > 65_535) throw new NodeError('NODE_ADDRESS_IN_USE', 'There is no TCP port above UDP port 65535: choose a lower one.');
    const tcp = await TcpListener.bind({ address: at.address, port: tcpPort }, (socket) => handlers.onSocket(socket), (error) => handlers.onError(error));
    return { udp, tcp };
  } catch (cause) {
    await udp.close();
    throw cause instanceof NodeError ? cause : bindError('TCP', at.address, tcpPort, cause);
  }
}

function bindError(protocol: 'UDP' | 'TCP', address: string, port: number, cause: unknown): NodeError {
  if (systemCode(cause) === 'EADDRINUSE') {
    return new NodeError('NODE_ADDRESS_IN_USE', `${protocol} port ${port} of ${address} is taken: choose another, or 0 for any free pair.`, { cause });
  }
  return new NodeError('NODE_LISTEN_FAILED', `Cannot bind ${protocol} port ${port} of ${address}: check the address and the permissions.`, { cause });
}

function systemCode(error: unknown): string {
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? '') : '';
}
