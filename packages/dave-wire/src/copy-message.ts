import { copyBytes } from './copy-bytes.ts';
import type { Dat, Entry, Extensions, Message } from './message.ts';

/** A dat whose bytes are its own: detaches it from the packet it was decoded from. */
export function copyDat(dat: Dat): Dat {
  const { time, salt, work, signature, publicKey, key, value } = dat;
  return { time, salt: copyBytes(salt), work: copyBytes(work), signature: copyBytes(signature), publicKey: copyBytes(publicKey), key, value: copyBytes(value) };
}

/** An entry whose bytes are its own. */
export function copyEntry(entry: Entry): Entry {
  return { dat: copyDat(entry.dat), replicas: [...entry.replicas] };
}

function copyExtensions(extensions: Extensions | undefined): { extensions?: Extensions } {
  if (extensions === undefined) return {};
  const copy: Extensions = { ...extensions };
  if (copy.trace !== undefined) copy.trace = { ...copy.trace, traceId: copyBytes(copy.trace.traceId) };
  if (copy.capabilities !== undefined) copy.capabilities = { ...copy.capabilities };
  return { extensions: copy };
}

/** A deep copy of a message: it shares no bytes with the packet that `decodeMessage` made it from. */
export function copyMessage(message: Message): Message {
  switch (message.op) {
    case 'ping':
      return { ...message, challenge: copyBytes(message.challenge), ...copyExtensions(message.extensions) };
    case 'pong': {
      const { challenge, salt, publicKey, signature } = message.solution;
      return {
        op: 'pong',
        solution: { challenge: copyBytes(challenge), salt: copyBytes(salt), publicKey: copyBytes(publicKey), signature: copyBytes(signature) },
        addrPorts: message.addrPorts.map((addrPort) => ({ ...addrPort })),
      };
    }
    case 'put':
    case 'get-ack':
      return { ...message, entry: copyEntry(message.entry), ...copyExtensions(message.extensions) };
    case 'put-ack':
      return { ...message, signaturePrefix: copyBytes(message.signaturePrefix), ...copyExtensions(message.extensions) };
    case 'get':
      return { ...message, publicKey: copyBytes(message.publicKey), ...copyExtensions(message.extensions) };
    case 'get-my-addr-port':
      return { ...message, ...copyExtensions(message.extensions) };
    case 'get-my-addr-port-ack':
      return { ...message, addrPort: { ...message.addrPort }, ...copyExtensions(message.extensions) };
  }
}
