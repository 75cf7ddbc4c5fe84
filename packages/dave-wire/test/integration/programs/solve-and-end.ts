// Prints for how long the process goes on, with idle workers, after its last statement.
import { nodeWorkHost } from '../../../src/io/work-threads-node.ts';
import { setWorkHost } from '../../../src/work-host.ts';
import { solveWork } from '../../../src/work.ts';

setWorkHost(nodeWorkHost);
const { salt } = await solveWork(new Uint8Array(64).fill(7), 18, { threads: 2 });
const ended = performance.now();
process.on('exit', () => process.stdout.write(JSON.stringify({ salt: Buffer.from(salt).toString('hex'), lingeredMs: performance.now() - ended })));
