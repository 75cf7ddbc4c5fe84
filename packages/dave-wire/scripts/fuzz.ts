/*
 * Long form of test/property/fuzz.test.ts:
 *   node scripts/fuzz.ts --packets 1000000 --stream-mb 100 --seed 1
 * Prints the seed and what came out; exits with 1 at the first broken promise.
 */
import { parseArgs } from 'node:util';
import { fuzzPackets } from '../test/fuzz/fuzz-packets.ts';
import { fuzzStream } from '../test/fuzz/fuzz-stream.ts';

const { values } = parseArgs({
  options: {
    packets: { type: 'string', default: '1000000' },
    'stream-mb': { type: 'string', default: '100' },
    seed: { type: 'string' },
  },
});
const seed = values.seed === undefined ? Date.now() % 0x1_0000_0000 : Number(values.seed);
console.log(`seed ${seed}`);
try {
  let start = performance.now();
  const packets = fuzzPackets(Number(values.packets), seed);
  console.log(`${values.packets} packets in ${((performance.now() - start) / 1000).toFixed(1)} s:`);
  for (const [outcome, count] of [...packets].sort(([a], [b]) => a.localeCompare(b))) console.log(`  ${outcome.padEnd(24)}${count}`);
  start = performance.now();
  const stream = fuzzStream(Number(values['stream-mb']) * 1_000_000, seed);
  console.log(`${(stream.bytes / 1e6).toFixed(1)} MB of TCP stream in ${((performance.now() - start) / 1000).toFixed(1)} s:`);
  for (const [name, count] of Object.entries(stream)) console.log(`  ${name.padEnd(24)}${count}`);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
