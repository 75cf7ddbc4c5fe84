import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CacheError } from '../../errors.ts';
import { fsPath } from '../byte-path.ts';
import { step } from '../faults.ts';
import type { Layout } from './layout.ts';
import type { Held, Leases } from './leases.ts';
import { NumberedLock } from './numbered-lock.ts';
import type { Owners } from './owners.ts';
import { readPlain, renameOver } from './plain-file.ts';

/**
 * Who removes something first says what (`intent`), then looks who uses it. Who uses something first says so (a lease),
 * then looks whether it is about to be removed. So at least one of two sees the other: the remover leaves what is leased
 * alone, the user waits until the intent is gone and looks again. One remover at a time holds the lock `gc`.
 */
export class Intents {
  readonly #layout: Layout;
  readonly #owners: Owners;
  readonly #leases: Leases;
  readonly #timeoutMs: number;
  readonly #graceMs: number;

  /** @param graceMs How long other machines may see an old state of the directory. */
  constructor(layout: Layout, owners: Owners, leases: Leases, timeoutMs: number, graceMs: number) {
    this.#layout = layout;
    this.#owners = owners;
    this.#leases = leases;
    this.#timeoutMs = timeoutMs;
    this.#graceMs = graceMs;
  }

  /** Waits until nobody is about to remove one of these. Their leases must be taken already. */
  async wait(names: readonly string[]): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs;
    for (;;) {
      const intent = this.#read();
      if (intent === undefined || !names.some((name) => intent.names.has(name))) return;
      if (await this.#owners.isDead(intent.owner)) return;
      if (performance.now() > deadline) throw lockTimeout('another process is removing entries', this.#timeoutMs);
      await sleep(1);
    }
  }

  /** The lock, waiting for it if `patient`; undefined while another has it. */
  async lock(patient: boolean): Promise<NumberedLock | undefined> {
    const deadline = performance.now() + this.#timeoutMs;
    for (;;) {
      const lock = await NumberedLock.tryTake(this.#layout, this.#owners, 'gc');
      if (lock !== undefined || !patient) return lock;
      if (performance.now() > deadline) throw lockTimeout('another process holds the lock for removals', this.#timeoutMs);
      await sleep(2 + Math.random() * 8);
    }
  }

  /** Makes the intent known and calls `fn` with what is in use. `fn` must not wait for anything. */
  async withIntent(lock: NumberedLock, names: readonly string[], fn: (held: Held) => void): Promise<void> {
    const draft = this.#layout.at('tmp', this.#owners.self.id, `intent-${randomBytes(6).toString('hex')}`);
    fs.writeFileSync(fsPath(draft), [this.#owners.self.id, ...names].join('\n'));
    renameOver(draft, this.#layout.at('intent'));
    step('prune:intent');
    try {
      if (this.#graceMs > 0) await sleep(this.#graceMs);
      const held = await this.#leases.scan();
      if (!lock.isHeld()) throw new CacheError('CACHE_LEASE_LOST', 'this process stood still for so long that another one took over the removals');
      fn(held);
    } finally {
      fs.rmSync(fsPath(this.#layout.at('intent')), { force: true });
    }
  }

  /** Removes what a dead remover left. Needs the lock. */
  clear(): boolean {
    if (this.#read() === undefined) return false;
    fs.rmSync(fsPath(this.#layout.at('intent')), { recursive: true, force: true });
    return true;
  }

  #read(): { owner: string; names: Set<string> } | undefined {
    const text = readPlain(this.#layout.at('intent'), 'latin1');
    if (text === undefined) return undefined;
    const [owner = '', ...names] = text.split('\n');
    return { owner, names: new Set(names) };
  }
}

function lockTimeout(what: string, timeoutMs: number): CacheError {
  return new CacheError('CACHE_LOCK_TIMEOUT', `${what} for more than ${timeoutMs} ms: see whether one hangs, or raise lockTimeoutMs`);
}
