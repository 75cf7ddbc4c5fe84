import type { TaskProgress } from '../store/store-tasks.ts';
import type { Output } from './output.ts';
import { sizeText } from './store-text.ts';

const BAR = 24;
const REDRAW_MS = 100;

/** A bar where the whole is known, and the rate; on terminals only. */
export class TaskMeter {
  readonly #output: Output;
  readonly #startedMs: number = performance.now();
  #drawnMs = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  show(unit: 'dats' | 'bytes', { done, of }: TaskProgress): void {
    const nowMs = performance.now();
    if (nowMs - this.#drawnMs < REDRAW_MS) return;
    this.#drawnMs = nowMs;
    const text = (amount: number): string => (unit === 'bytes' ? sizeText(amount) : `${Math.round(amount)} dats`);
    const rate = `${text(done / Math.max(0.001, (nowMs - this.#startedMs) / 1000))}/s`;
    if (of === null || of <= 0) {
      this.#output.progress(`${text(done)}, ${rate}`);
      return;
    }
    const share = Math.min(1, done / of);
    const filled = Math.round(share * BAR);
    this.#output.progress(`${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${Math.floor(share * 100)} % of ${text(of)}, ${rate}`);
  }

  clear(): void {
    this.#output.progress('');
  }
}
