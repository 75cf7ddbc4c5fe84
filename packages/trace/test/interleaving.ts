import { vi } from 'vitest';
import { planLaneIndex, planOfMemory, type LaneIndexPlan, type MemoryPlan } from '../src/memory-plan.ts';
import type { EventLog } from '../src/index.ts';

/** The memory of a shared log, as a test that plays another thread sees it. */
export class RawLog {
  readonly plan: MemoryPlan;
  readonly words: Int32Array;
  readonly f64: Float64Array;

  constructor(log: EventLog) {
    this.plan = planOfMemory(log.memory!);
    this.words = new Int32Array(log.memory!);
    this.f64 = new Float64Array(log.memory!);
  }

  /** The first word of a slot: its commit word. */
  slotAt(slot: number, lane = 0): number {
    return this.plan.slotsAt + (lane * this.plan.laneSlots + slot) * 32;
  }

  headAt(lane = 0): number {
    return this.plan.laneHeadersAt + lane * 32;
  }

  index(lane = 0): LaneIndexPlan {
    return planLaneIndex(this.plan, lane);
  }
}

/**
 * Runs `meanwhile` once, right after the first `Atomics.load` of a word for which `at` holds: what another thread would do
 * between that load and what follows. The load gives what was there before.
 */
export function afterLoadOf(at: number, meanwhile: () => void, skip = 0): { readonly ran: boolean } {
  const { load } = Atomics;
  const state = { ran: false };
  let left = skip;
  const spy = vi.spyOn(Atomics, 'load').mockImplementation(((words: Int32Array, index: number) => {
    const value = load(words, index);
    if (index === at && !state.ran && left-- === 0) {
      state.ran = true;
      spy.mockRestore();
      meanwhile();
    }
    return value;
  }) as typeof Atomics.load);
  return state;
}
