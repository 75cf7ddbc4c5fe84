import type { EventLog } from '@p2p/trace-noop';
import { planOfMemory } from '../src/memory-plan.ts';

/** The 128 bytes of a slot of a shared log's lane, as they are in memory. */
export function slotBytes(log: EventLog, slot: number, lane = 0): Uint8Array {
  const plan = planOfMemory(log.memory!);
  const start = (plan.slotsAt + (lane * plan.laneSlots + slot) * 32) * 4;
  return new Uint8Array(log.memory!).slice(start, start + 128);
}

/** Sets where a lane's next event goes, as if so many had been written. */
export function setHead(log: EventLog, head: number, lane = 0): void {
  const plan = planOfMemory(log.memory!);
  new Int32Array(log.memory!)[plan.laneHeadersAt + lane * 32] = head;
}
