import { addOnFullKey, memoryRates, sweepOfAMillion } from './memory.ts';
import { rate } from './subjects.ts';

for (const count of [1024, 100_000]) {
  const { insert, overwrite, view, copy } = await memoryRates(count, 5);
  console.log(`memory, ${count} records: insert ${rate(insert)}/s, overwrite ${rate(overwrite)}/s, get ${rate(view)}/s views, ${rate(copy)}/s copies`);
}
for (const policy of ['incumbents', 'random', 'closest', 'diverse'] as const) console.log(`addProvider on a full key, ${policy}: ${(await addOnFullKey(policy, 3)).toFixed(2)} µs`);
console.log(await sweepOfAMillion());
