import type { RecordStore } from '../record-store.ts';
import { check, equal } from '../conformance/assertions.ts';
import { collect, type Case } from '../conformance/context.ts';
import { childProgram, contentOf, keyOf, REMOVE_EVERY, versionOf } from '../conformance/crash-child.ts';
import type { CrashHarness } from '../conformance/harness.ts';
import { Seeded } from '../conformance/seeded.ts';

/** The module that the harness names. */
interface CrashModule {
  open(directory: string): Promise<RecordStore>;
}

/** Acknowledgements after which the child is killed, at most. */
const MAX_ACKS = 3000;

/** What a durable store keeps through kill -9. */
export function crashCases(crash: CrashHarness): readonly Case[] {
  return [
    {
      name: 'killed while it writes: every acknowledged record is there, whole, and the counts are right',
      needs: ['values', 'scans', 'stats'],
      run: async (context) => {
        const directory = await crash.directory();
        try {
          const random = new Seeded(context.random.seed);
          /** Number of a record to its newest acknowledged version. */
          const acknowledged = new Map<number, number>();
          for (let kill = 0; kill < (crash.kills ?? 5); kill++) {
            await storm(crash, directory.path, kill + 1, 1 + random.integer(MAX_ACKS), acknowledged);
            await verify(crash, directory.path, acknowledged, `kill ${kill + 1}`);
          }
        } finally {
          await directory.remove();
        }
      },
    },
  ];
}

/** Runs the child until it has acknowledged so much, kills it, and takes in what it had written to its pipe. */
async function storm(crash: CrashHarness, directory: string, seed: number, acks: number, acknowledged: Map<number, number>): Promise<void> {
  // Only here is Node needed; browsers run the rest of the suite.
  const { spawn } = await import('node:child_process');
  const { execPath } = await import('node:process');
  const child = spawn(execPath, ['--input-type=module', '--eval', childProgram(), String(crash.module), directory, String(seed)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let tail = '';
  let errors = '';
  let count = 0;
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (errors += chunk));
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (tail + chunk).split('\n');
    // A line that the kill cut off is no acknowledgement.
    tail = lines.pop()!;
    for (const line of lines) {
      const [number, version] = line.split(' ').map(Number);
      acknowledged.set(number!, version!);
      count += 1;
    }
    if (count >= acks) child.kill('SIGKILL');
  });
  const signal = await new Promise<string | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_code, killedBy) => resolve(killedBy));
  });
  equal(signal, 'SIGKILL', `the child ended by itself: ${errors}`);
}

async function verify(crash: CrashHarness, directory: string, acknowledged: ReadonlyMap<number, number>, where: string): Promise<void> {
  const { open } = (await import(/* @vite-ignore */ String(crash.module))) as CrashModule;
  const store = await open(directory);
  try {
    for (const [number, version] of acknowledged) {
      const record = await store.get(keyOf(number));
      if (record === undefined) {
        // The removal that comes next was under way when the child died, and may have happened.
        check(version % REMOVE_EVERY === 0 || (version + 1) % REMOVE_EVERY === 0, `${where}: record ${number} is lost, version ${version} was acknowledged`);
        continue;
      }
      const found = versionOf(record.value);
      equal(record.value, contentOf(number, found), `${where}: record ${number} is torn`);
      check(found >= version, `${where}: record ${number} has version ${found}, ${version} was acknowledged`);
    }
    const records = await collect(store.records({ includeExpired: true }));
    const { local, remote } = await store.stats();
    equal(local.records + remote.records, records.length, `${where}: counted records`);
    equal(local.bytes + remote.bytes, records.reduce((sum, { key, value }) => sum + key.length + value.length, 0), `${where}: counted bytes`);
  } finally {
    await store.close();
  }
}
