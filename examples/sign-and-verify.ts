// A value becomes a signed and proven dat, then bytes, then a dat again; a changed byte is noticed.
import { createDat, decodeMessage, encodeMessage, generateKeyPair, leadingZeroBits, verifyDat } from '@p2p/dave-wire';

const { privateKey } = generateKeyPair();
const value = new TextEncoder().encode('signed by me');
const dat = await createDat({ privateKey, key: 'note', value, difficulty: 12 }, { signal: AbortSignal.timeout(10_000) });
console.log(`proved ${leadingZeroBits(dat.work)} bits of work, at least 12 were asked for`);

const packet = encodeMessage({ op: 'put', entry: { dat, replicas: [] } });
console.log(`a PUT of ${packet.length} bytes`);

const message = decodeMessage(packet);
if (message.op !== 'put') throw new Error(`a PUT was encoded and a ${message.op} came back`);
const received = message.entry.dat;
const verdict = await verifyDat(received, { now: Date.now(), minWork: 12 });
console.log(`what came over the wire ${verdict.valid ? 'holds' : `is refused: ${verdict.reason}`}`);

const changed = await verifyDat({ ...received, value: new TextEncoder().encode('signed by us') }, { now: Date.now() });
console.log(`with another value it ${changed.valid ? 'holds' : `is refused: ${changed.reason}`}`);
