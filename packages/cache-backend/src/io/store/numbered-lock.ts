import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { OWNER_ID } from '../../owner-record.ts';
import { fsPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import type { Layout } from './layout.ts';
import type { Owners } from './owners.ts';
import { overwritePlain, readPlain } from './plain-file.ts';

const FREE = 'free';
/** Older numbers that stay, so that a process with an old view of the directory runs into them. */
const KEPT = 4;
/** Twelve digits: a thousand locks a second for thirty years. */
const MAX_NUMBER = 999_999_999_999;

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
    let highest = highestNumber(layout, name);
    // No lock was taken so often: the number was made up, and nothing can follow it.
    for (; highest >= MAX_NUMBER; highest = highestNumber(layout, name)) fs.rmSync(fsPath(layout.at('locks', `${name}.${highest}`)), { recursive: true, force: true });
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
    for (const old of numbers) if (old <= number - KEPT) fs.rmSync(fsPath(layout.at('locks', `${name}.${old}`)), { recursive: true, force: true });
    return new NumberedLock(layout, name, number);
  }

  /** False when another took over: it saw this owner as dead. */
  isHeld(): boolean {
    return highestNumber(this.#layout, this.#name) === this.#number;
  }

  release(): void {
    // Gone, or something else in its place: that holds nothing, so there is nothing to give back.
    overwritePlain(this.#layout.at('locks', `${this.#name}.${this.#number}`), FREE);
  }
}

/** What the file says: an owner or `free`. Undefined when it was just removed: its successor is there. */
function readHolder(path: string): string | undefined {
  const text = readPlain(path, 'latin1');
  return text?.startsWith(FREE) === true ? FREE : text;
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
