import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A UDP relay on loopback between one client and a server, which loses datagrams to the server. */
export class LossyRelay {
  readonly #front: Socket;
  readonly #back: Socket;
  readonly #isLost: (datagram: number) => boolean;
  #clientPort = 0;
  #datagrams = 0;
  /** Datagrams that it dropped. */
  lost = 0;

  private constructor(front: Socket, back: Socket, serverPort: number, isLost: (datagram: number) => boolean) {
    this.#front = front;
    this.#back = back;
    this.#isLost = isLost;
    front.on('message', (message, { port }) => {
      this.#clientPort = port;
      this.#datagrams += 1;
      if (this.#isLost(this.#datagrams)) this.lost += 1;
      else back.send(message, serverPort, '127.0.0.1');
    });
    back.on('message', (message) => front.send(message, this.#clientPort, '127.0.0.1'));
  }

  /** `isLost` is asked for each datagram from the client, which are counted from 1. */
  static async open(serverPort: number, isLost: (datagram: number) => boolean): Promise<LossyRelay> {
    const sockets = [createSocket('udp4'), createSocket('udp4')] as const;
    for (const socket of sockets) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
    }
    return new LossyRelay(...sockets, serverPort, isLost);
  }

  get port(): number {
    return this.#front.address().port;
  }

  close(): void {
    this.#front.close();
    this.#back.close();
  }
}
