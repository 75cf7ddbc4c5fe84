import type { RepublishItem, ResumeToken } from '../types.ts';
import { check, equal, rejects } from './assertions.ts';
import { collect, id, provider, text, value, type Case } from './context.ts';

const HOUR_MS = 3_600_000;
const republish = { publishMs: 10 * HOUR_MS, replicateMs: HOUR_MS, provideMs: 5 * HOUR_MS };

function nameOf(item: RepublishItem): string {
  const { key } = item.kind === 'provide' ? item.provider : item.record;
  return `${item.kind} ${new DataView(key.buffer, key.byteOffset).getUint32(28)}`;
}

/** What is to be sent again, when, and where to go on. */
export const SCHEDULE_CASES: readonly Case[] = [
  {
    name: 'every record is due once per interval of its kind, spread over it, in order',
    needs: ['values', 'providers', 'schedule', 'local'],
    run: async (context) => {
      const store = await context.open({ republish, maxTtlMs: 'unlimited' });
      for (let at = 0; at < 60; at++) await store.put(value(id(at), 'v'), { origin: 'o' });
      for (let at = 60; at < 120; at++) await store.put(value(id(at), 'v', { publisher: context.localId }));
      for (let at = 120; at < 180; at++) await store.addProvider({ key: id(at), provider: context.localId, addresses: ['here'] });
      await store.addProvider(provider(id(200), 1));
      const start = context.clock.nowMs;
      equal(await collect(store.due(start)), [], 'nothing that was put this moment is due');
      const times = new Map<string, number[]>();
      let after: ResumeToken | undefined;
      for (let step = 1; step <= 40; step++) {
        context.clock.nowMs = start + step * (HOUR_MS / 2);
        const items = await collect(store.due(context.clock.nowMs, after === undefined ? {} : { after }));
        for (const [at, item] of items.entries()) {
          check(item.dueMs <= context.clock.nowMs && item.dueMs > start, 'due outside of the time that was asked for');
          check(at === 0 || items[at - 1]!.dueMs <= item.dueMs, 'not in order of due time');
          times.set(nameOf(item), [...(times.get(nameOf(item)) ?? []), item.dueMs]);
        }
        after = items.at(-1)?.token ?? after;
      }
      equal(times.size, 180, 'items that were due within 20 hours');
      for (const [name, due] of times) {
        const interval = name.startsWith('publish') ? republish.publishMs : name.startsWith('provide') ? republish.provideMs : republish.replicateMs;
        for (let at = 1; at < due.length; at++) equal(due[at]! - due[at - 1]!, interval, `the interval of ${name}`);
        const expected = 20 * HOUR_MS / interval;
        check(Math.abs(due.length - expected) <= 1, `${name} was due ${due.length} times in 20 hours`);
      }
      for (const kind of ['publish', 'replicate', 'provide']) {
        const phases = [...times].filter(([name]) => name.startsWith(kind)).map(([, due]) => due[0]!);
        const interval = kind === 'publish' ? republish.publishMs : kind === 'provide' ? republish.provideMs : republish.replicateMs;
        const quarters = new Set(phases.map((at) => Math.floor((4 * (at % interval)) / interval)));
        equal(quarters.size, 4, `quarters of the interval in which ${kind} items fall`);
      }
    },
  },
  {
    name: 'a limit and a token part the schedule without loss or repetition, also after what was due is gone',
    needs: ['values', 'schedule'],
    run: async (context) => {
      const store = await context.open({ republish, maxTtlMs: 'unlimited' });
      for (let at = 0; at < 100; at++) await store.put(value(id(at), 'v'));
      context.clock.advance(2 * HOUR_MS);
      const whole = (await collect(store.due(context.clock.nowMs))).map(nameOf);
      equal(new Set(whole).size, 100, 'all are due after two intervals, once each');
      const parts: string[] = [];
      let after: ResumeToken | undefined;
      for (;;) {
        const page = await collect(store.due(context.clock.nowMs, { limit: 7, ...(after === undefined ? {} : { after }) }));
        parts.push(...page.map(nameOf));
        const last = page.at(-1);
        if (last === undefined) break;
        after = last.token;
        if (last.kind !== 'provide') await store.remove(last.record.key);
      }
      equal(parts, whole, 'pages of seven');
    },
  },
  {
    name: 'a record that somebody put within the interval is not replicated; what expired is not sent',
    needs: ['values', 'schedule'],
    run: async (context) => {
      const store = await context.open({ republish });
      const { nowMs } = context.clock;
      for (let at = 0; at < 30; at++) await store.put(value(id(at), 'v', { expires: nowMs + (at < 10 ? HOUR_MS : 10 * HOUR_MS) }));
      context.clock.nowMs = nowMs + 2 * HOUR_MS;
      for (let at = 20; at < 30; at++) await store.put(value(id(at), 'v', { expires: nowMs + 10 * HOUR_MS }));
      const due = (await collect(store.due(context.clock.nowMs))).map(nameOf).toSorted();
      equal(due, Array.from({ length: 10 }, (_, at) => `replicate ${10 + at}`), 'due');
    },
  },
  {
    name: 'others that put a local record do not put off its publication',
    needs: ['values', 'schedule', 'local'],
    run: async (context) => {
      const store = await context.open({ republish });
      const own = (at: number): ReturnType<typeof value> => value(id(at), 'v', { publisher: context.localId });
      for (let at = 0; at < 10; at++) await store.put(own(at));
      context.clock.advance(10 * HOUR_MS);
      const all = (await collect(store.due(context.clock.nowMs))).map(nameOf);
      equal(all.length, 10, 'due after an interval');
      for (let at = 0; at < 10; at++) await store.put(value(id(at), 'v'), at % 2 === 0 ? { origin: 'o' } : {});
      equal((await collect(store.due(context.clock.nowMs))).map(nameOf), all, 'after others put them');
      for (let at = 0; at < 10; at++) await store.put(own(at));
      equal(await collect(store.due(context.clock.nowMs)), [], 'after this node put them');
    },
  },
  {
    name: 'a token that is none is RECORD_STORE_TOKEN; a time that is none a TypeError',
    needs: ['schedule'],
    run: async (context) => {
      const store = await context.open();
      for (const token of ['', '1', '1-5-p-', '1-5-x-00', '2-5-p-00', '1-5-p-0', '1--5-p-00', '1-99999999999999999-p-00', '1-5-p-00 ', 'x'.repeat(100_000)]) {
        await rejects(async () => collect(store.due(0, { after: token as ResumeToken })), { code: 'RECORD_STORE_TOKEN' }, JSON.stringify(token.slice(0, 40)));
      }
      await rejects(async () => collect(store.due(Number.NaN)), { is: TypeError }, 'a time');
    },
  },
  {
    name: 'what is due comes whole',
    needs: ['values', 'providers', 'schedule', 'local'],
    run: async (context) => {
      const store = await context.open({ republish });
      const record = value('k', 'v', { publisher: text('p'), expires: context.clock.nowMs + 20 * HOUR_MS });
      await store.put(record);
      const own = { key: text('k'), provider: context.localId, addresses: ['here:1'] };
      await store.addProvider(own);
      context.clock.advance(10 * HOUR_MS);
      const items = await collect(store.due(context.clock.nowMs));
      equal(items.find(({ kind }) => kind === 'replicate' ), { kind: 'replicate', record, dueMs: items.find(({ kind }) => kind === 'replicate')?.dueMs, token: items.find(({ kind }) => kind === 'replicate')?.token }, 'the record');
      const provide = items.find((item) => item.kind === 'provide');
      equal(provide?.kind === 'provide' ? provide.provider : undefined, own, 'the provider');
    },
  },
];
