import { MemoryNetwork, SeededRandom, VirtualClock } from '@p2p/testkit';
import { messageSize, type Message } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import type { Clock, Random } from '../../src/env.ts';
import type { Transport } from '../../src/transport.ts';

test('the testkit stands in for clock, randomness and sockets', async () => {
  const clock: Clock & VirtualClock = new VirtualClock();
  const random: Random & SeededRandom = new SeededRandom('fit');
  const network = new MemoryNetwork<Message>({ clock, random, sizeOf: messageSize });
  const transport: Transport = network.host('192.0.2.1');
  const other: Transport = network.host('192.0.2.2');
  const sizes: number[] = [];
  const ignore = { onMalformed: (): void => {}, onConnection: (): void => {}, onError: (): void => {} };
  const a = await transport.bind('[::]:4127', { ...ignore, onPacket: () => {} });
  const b = await other.bind('[::]:4127', { ...ignore, onPacket: (_message, _from, sizeBytes) => sizes.push(sizeBytes) });
  a.send({ op: 'get-my-addr-port' }, b.address);
  await clock.advance(10);
  expect(sizes).toEqual([1]);
});
