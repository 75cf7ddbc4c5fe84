import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { OWNER_ID } from '../../owner-record.ts';
import { fsPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import type { Layout } from './layout.ts';
import type { Owners } from './owners.ts';

const FREE = 'free';
/** Older numbers that stay, so that a process with an old view of the directory runs into them. */
const KEPT = 4;

/**
 * An exclusive lock in files `locks/<name>.<number>`. Whoever makes the next number holds it: a name can be made by one
 * process only, so two that find the same dead owner cannot both take over.
 */
export class NumberedLock {
  readonly #layout: Layout;
  readonly #number: number;
  readonly #name: string;

  private constructor(layout: Layout, name: string, number: number) {
    this.#layout = layout;
    this.#name = name;
    this.#number = number;
  }

  /** The lock, or undefined while a living owner has it. */
  static async tryTake(layout: Layout, owners: Owners, name: string): Promise<NumberedLock | undefined> {
    const highest = highestNumber(layout, name);
    if (highest > 0) {
      const holder = readHolder(layout.at('locks', `${name}.${highest}`));
      // What is no owner was torn by a power cut: files of this kind only ever appear whole.
      if (holder === undefined || (OWNER_ID.test(holder) && !(await owners.isDead(holder)))) return undefined;
    }
    const number = highest + 1;
    const path = layout.at('locks', `${name}.${number}`);
    if (!createWhole(layout, owners, path)) return undefined;
    const numbers = numbersOf(layout, name);
    // Somebody was further on than our view: ours was a number of the past.
    if (Math.max(...numbers) !== number) {
      fs.rmSync(fsPath(path), { force: true });
      return undefined;
    }
    for (const old of numbers) if (old <= number - KEPT) fs.rmSync(fsPath(layout.at('locks', `${name}.${old}`)), { force: true });
    return new NumberedLock(layout, name, number);
  }

  /** False when another took over: it saw this owner as dead. */
  isHeld(): boolean {
    return highestNumber(this.#layout, this.#name) === this.#number;
  }

  release(): void {
    const path = this.#layout.at('locks', `${this.#name}.${this.#number}`);
    try {
      fs.writeFileSync(fsPath(path), FREE, { flag: 'r+' });
      fs.truncateSync(fsPath(path), FREE.length);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
}

/** What the file says: an owner or `free`. Undefined when it was just removed: its successor is there. */
function readHolder(path: string): string | undefined {
  try {
    const text = fs.readFileSync(fsPath(path), 'latin1');
    return text.startsWith(FREE) ? FREE : text;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function createWhole(layout: Layout, owners: Owners, path: string): boolean {
  const draft = layout.at('tmp', owners.self.id, `lock-${randomBytes(6).toString('hex')}`);
  fs.writeFileSync(fsPath(draft), owners.self.id);
  try {
    fs.linkSync(fsPath(draft), fsPath(path));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(fsPath(draft), { force: true });
  }
}

function numbersOf(layout: Layout, name: string): number[] {
  const prefix = `${name}.`;
  return fs
    .readdirSync(fsPath(layout.at('locks')), { encoding: 'latin1' })
    .filter((file) => file.startsWith(prefix) && /^[1-9]\d{0,14}$/.test(file.slice(prefix.length)))
    .map((file) => Number(file.slice(prefix.length)));
}

function highestNumber(layout: Layout, name: string): number {
  return Math.max(0, ...numbersOf(layout, name));
}
