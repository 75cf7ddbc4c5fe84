import type { AppRegistry, FollowedEvents, TraceCursor, TraceEvent } from '@p2p/trace-noop';
import { EventDecoder } from './event-decoder.ts';
import { inOrder, type EventSource } from './event-source.ts';
import type { SearchedId } from './id-refs.ts';
import { LaneReader } from './lane-reader.ts';
import type { LogCore } from './log-core.ts';

/** Reads all lanes of a log and merges them by time. */
export class LogSource implements EventSource {
  readonly #lanes: readonly LaneReader[];

  constructor(core: LogCore, apps: AppRegistry) {
    const decoder = new EventDecoder(core, apps);
    this.#lanes = Array.from({ length: core.plan.lanes }, (_, lane) => new LaneReader(core, decoder, lane));
  }

  all(): TraceEvent[] {
    return this.#merge((lane, events) => lane.scan(events));
  }

  trace({ words }: SearchedId): TraceEvent[] {
    return this.#merge((lane, events) => lane.trace(words, events));
  }

  mayHave({ words }: SearchedId): boolean {
    return this.#lanes.some((lane) => lane.mayHave(words));
  }

  peer({ words }: SearchedId): TraceEvent[] {
    return this.#merge((lane, events) => lane.peer(words, events));
  }

  timeRange(fromUs: number, toUs: number): TraceEvent[] {
    return this.#merge((lane, events) => lane.timeRange(fromUs, toUs, events));
  }

  recent(count: number): TraceEvent[] {
    if (!(count > 0)) return [];
    return this.#merge((lane, events) => lane.recent(count, events)).slice(-count);
  }

  since(cursor: TraceCursor | undefined): FollowedEvents {
    if (cursor !== undefined && cursor.length !== this.#lanes.length) throw new TypeError('This cursor is of another log.');
    let missed = 0;
    const next: number[] = [];
    const events = this.#merge((lane, into) => {
      const step = lane.since(cursor?.[next.length], into);
      next.push(step.next);
      missed += step.missed;
    });
    return { events, cursor: next, missed };
  }

  #merge(read: (lane: LaneReader, events: TraceEvent[]) => void): TraceEvent[] {
    const events: TraceEvent[] = [];
    for (const lane of this.#lanes) read(lane, events);
    return inOrder(events);
  }
}
