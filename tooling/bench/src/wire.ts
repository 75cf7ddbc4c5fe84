// Work search, codec and verification beside the Go implementation in the same run; against other
// codecs they are measured in packages/dave-wire/bench. Usage: wire.ts [--rounds 9]
import { parseArgs } from 'node:util';
import { runGoMode, goAvailability } from '@p2p/interop/go-program';
import { ourTimes } from './codec-times.ts';
import { alternate, printRows, type Round, type Row } from './comparison.ts';
import { ourWork } from './work-rate.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const rounds = Number(values.rounds);
const VALUE_BYTES = [19, 1024] as const;

const go = goAvailability();
if (!go.available) console.log(`no comparison with Go: ${go.reason}`);
else {
  const baselineName = `Go, ${go.version}`;
  const rows: Row[] = [
    {
      what: 'proof of work, one thread',
      unit: 'Mhash/s',
      baselineName,
      target: 6.5,
      rounds: await alternate(rounds, ourWork, async () => (await runGoMode('bench-pow')).mhashPerSec),
    },
  ];
  for (const valueBytes of VALUE_BYTES) {
    const encode: Round[] = [];
    const decode: Round[] = [];
    const verify: Round[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const ours = await ourTimes(valueBytes);
      const codec = (await runGoMode('bench-codec')).put.find(({ valueSize }) => valueSize === valueBytes);
      if (codec === undefined) throw new Error(`the Go program did not measure a value of ${valueBytes} bytes`);
      encode.push({ ours: ours.encodeNs, baseline: codec.encodeNs });
      decode.push({ ours: ours.decodeNs, baseline: codec.decodeNs });
      if (valueBytes === VALUE_BYTES[0]) verify.push({ ours: ours.verifyNs / 1000, baseline: (await runGoMode('bench-verify')).datVerifyNs / 1000 });
    }
    const shared = { baselineName, lessIsBetter: true };
    rows.push({ ...shared, what: `encode a PUT, value of ${valueBytes} bytes`, unit: 'ns', rounds: encode });
    rows.push({ ...shared, what: `decode it`, unit: 'ns', rounds: decode });
    if (verify.length > 0) rows.push({ ...shared, what: 'verify a dat, fastest backend', unit: 'µs', rounds: verify });
  }
  printRows(rows);
}
