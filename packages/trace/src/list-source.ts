import type { FollowedEvents, TraceCursor, TraceEvent } from '@p2p/trace-noop';
import { inOrder, type EventSource } from './event-source.ts';
import type { SearchedId } from './id-refs.ts';

/** Events that were read before, such as those of a dump. */
export class ListSource implements EventSource {
  readonly #events: readonly TraceEvent[];

  constructor(events: readonly TraceEvent[]) {
    this.#events = inOrder([...events]);
  }

  all(): TraceEvent[] {
    return [...this.#events];
  }

  trace({ hex }: SearchedId): TraceEvent[] {
    return this.#events.filter(({ traceId }) => traceId === hex);
  }

  mayHave({ hex }: SearchedId): boolean {
    return this.#events.some(({ traceId }) => traceId === hex);
  }

  peer({ hex }: SearchedId): TraceEvent[] {
    return this.#events.filter(({ peerId }) => peerId === hex);
  }

  timeRange(fromUs: number, toUs: number): TraceEvent[] {
    return this.#events.filter(({ timeUs }) => timeUs >= fromUs && timeUs <= toUs);
  }

  recent(count: number): TraceEvent[] {
    return count <= 0 ? [] : this.#events.slice(-count);
  }

  since(cursor: TraceCursor | undefined): FollowedEvents {
    const from = cursor?.[0] ?? 0;
    return { events: this.#events.slice(from), cursor: [this.#events.length], missed: 0 };
  }
}
