// The longest turn of the event loop while a node takes in dats as fast as it can, after a warm-up.
// The load comes from a separate process. Usage: loop-delay.ts [--rounds 5]
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { DaveNode } from '@p2p/dave-node';
import { formatAddrPort, generateKeyPair } from '@p2p/dave-wire';
import { goAvailability, runGoMode } from '@p2p/interop/go-program';
import { median } from './statistics.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const WARM_UP_DATS = 25_000;
const DATS = 60_000;
const RESOLUTION_MS = 1;

const go = goAvailability();
if (!go.available) console.log(`nothing measured: the load generator needs Go (${go.reason})`);
else {
  const longest: number[] = [];
  const p99: number[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    await using node = await DaveNode.open({ privateKey: generateKeyPair().privateKey, listen: '[::1]:0', shardCapacityBytes: 4 * 1024 * 1024 });
    const load = (count: number): Promise<unknown> => runGoMode('load-tcp', ['-target', formatAddrPort(node.listenAddress), '-count', String(count)]);
    await load(WARM_UP_DATS);
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delay.enable();
    await load(DATS);
    delay.disable();
    // The histogram holds whole periods: what is above the sampling period is delay.
    longest.push(delay.max / 1e6 - RESOLUTION_MS);
    p99.push(delay.percentile(99) / 1e6 - RESOLUTION_MS);
  }
  console.log(`event loop at full ingest: longest turn ${median(longest).toFixed(1)} ms (worst of all rounds ${Math.max(...longest).toFixed(1)}), p99 ${median(p99).toFixed(1)} ms, ${longest.length} rounds; goal: never above 10 ms`);
}
