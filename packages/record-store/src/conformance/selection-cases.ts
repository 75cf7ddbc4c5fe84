import type { Validator } from '../validators/validator.ts';
import { equal, rejects } from './assertions.ts';
import { INSERTED, REFRESHED, rejected, text, UPDATED, value, type Case } from './context.ts';

/** A value's first byte is its rank; 0xff is invalid; 0xfe takes its time to be judged. */
const ranked: Validator = {
  validate: (record) => {
    const rank = record.value.subarray(0, 1);
    if (rank[0] === 0xff) return { valid: false, reason: 'invalid' };
    return rank[0] === 0xfe ? Promise.resolve({ valid: true, rank }) : { valid: true, rank };
  },
};

const ver = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

/** Validation before, selection inside the transaction: a put never downgrades. */
export const SELECTION_CASES: readonly Case[] = [
  {
    name: 'a lower rank is stale, an equal one with another value a conflict, with the same a refresh, a higher one wins',
    needs: ['values', 'validators'],
    run: async (context) => {
      const store = await context.open({ validators: { default: ranked } });
      equal(await store.put(value('k', ver(5, 1))), INSERTED, 'rank 5');
      equal(await store.put(value('k', ver(4, 9))), rejected('stale'), 'rank 4');
      equal(await store.put(value('k', ver(5, 2))), rejected('conflict'), 'rank 5, another value');
      equal(await store.put(value('k', ver(5, 1))), REFRESHED, 'rank 5, the same value');
      equal((await store.get(text('k')))?.value, ver(5, 1), 'the value so far');
      equal(await store.put(value('k', ver(6, 0))), UPDATED, 'rank 6');
      equal(await store.put(value('k', ver(0x80))), UPDATED, 'ranks are unsigned');
      equal(await store.put(value('k', ver(0x7f))), rejected('stale'), 'below it');
      equal(await store.put(value('k', ver(0xfe))), UPDATED, 'judged later');
      equal((await store.get(text('k')))?.value, ver(0xfe), 'the value at the end');
    },
  },
  {
    name: 'ranks of different lengths compare byte by byte, a prefix below what it starts',
    needs: ['values', 'validators'],
    run: async (context) => {
      const whole: Validator = { validate: (record) => ({ valid: true, rank: record.value }) };
      const store = await context.open({ validators: { default: whole } });
      const ascending = [ver(), ver(0), ver(0, 0), ver(0, 255), ver(1), ver(10, 255), ver(65), ver(97), ver(97, 0), ver(128), ver(200), ver(255, 255)];
      for (const [at, rank] of ascending.entries()) {
        equal(await store.put(value('k', rank)), at === 0 ? INSERTED : UPDATED, `rank ${at}`);
        for (const lower of ascending.slice(0, at)) equal(await store.put(value('k', lower)), rejected('stale'), `below rank ${at}`);
      }
    },
  },
  {
    name: 'an expired record stands in nobody’s way, whatever its rank',
    needs: ['values', 'validators'],
    run: async (context) => {
      const store = await context.open({ validators: { default: ranked } });
      await store.put(value('k', ver(9), { expires: context.clock.nowMs + 10 }));
      context.clock.advance(10);
      equal(await store.put(value('k', ver(1))), INSERTED, 'a lower rank after expiry');
    },
  },
  {
    name: 'invalid records are refused and change nothing; each namespace has its own rule, the longest name wins',
    needs: ['values', 'validators'],
    run: async (context) => {
      const refuse: Validator = { validate: () => ({ valid: false, reason: 'invalid' }) };
      const accept: Validator = { validate: () => ({ valid: true }) };
      const store = await context.open({ validators: { default: refuse, namespaces: { '/a/': ranked, '/a/b/': accept } } });
      equal(await store.put(value('x', 'v')), rejected('invalid'), 'by default');
      equal(await store.put(value('/a', 'v')), rejected('invalid'), 'a name cut short is the default’s');
      equal(await store.put(value('/a/x', ver(0xff))), rejected('invalid'), 'by its namespace');
      equal(await store.get(text('/a/x')), undefined, 'nothing was stored');
      equal(await store.put(value('/a/x', ver(2))), INSERTED, 'valid there');
      equal(await store.put(value('/a/x', ver(0xff))), rejected('invalid'), 'invalid over valid');
      equal((await store.get(text('/a/x')))?.value, ver(2), 'the valid one');
      equal(await store.put(value('/a/b/x', ver(0xff))), INSERTED, 'the longer name');
      equal(await store.putMany([value('y'), value('/a/y', ver(1)), value('/a/z', ver(0xff))]), [rejected('invalid'), INSERTED, rejected('invalid')], 'putMany');
    },
  },
  {
    name: 'what a validator throws reaches the caller and changes nothing',
    needs: ['values', 'validators'],
    run: async (context) => {
      const failure = new Error('the key server is down');
      const throwing: Validator = { validate: (record) => (record.value.length > 1 ? Promise.reject(failure) : { valid: true }) };
      const store = await context.open({ validators: { default: throwing } });
      await store.put(value('k', 'v'));
      await rejects(() => store.put(value('k', 'long')), { reason: failure }, 'put');
      await rejects(() => store.putMany([value('l', 'v'), value('m', 'long')]), { reason: failure }, 'putMany');
      equal((await store.get(text('k')))?.value, text('v'), 'the record');
      equal(await store.get(text('l')), undefined, 'putMany stored nothing');
    },
  },
  {
    name: 'ifVersion compares ranks where there are any',
    needs: ['values', 'validators'],
    run: async (context) => {
      const store = await context.open({ validators: { default: ranked } });
      await store.put(value('k', ver(5, 1)));
      equal(await store.put(value('k', ver(7)), { ifVersion: ver(4) }), rejected('conflict'), 'another rank');
      equal(await store.put(value('k', ver(7)), { ifVersion: ver(5) }), UPDATED, 'this rank');
      equal(await store.put(value('k', ver(6)), { ifVersion: ver(7) }), rejected('stale'), 'a downgrade, even so');
    },
  },
  {
    name: 'a newer version from others replaces a local record only by its rank',
    needs: ['values', 'validators', 'local'],
    run: async (context) => {
      const store = await context.open({ validators: { default: ranked } });
      await store.put(value('k', ver(5), { publisher: context.localId }));
      equal(await store.put(value('k', ver(4)), { origin: 'o' }), rejected('stale'), 'older');
      equal(await store.put(value('k', ver(5, 5)), { origin: 'o' }), rejected('conflict'), 'another of the same version');
      equal(await store.put(value('k', ver(6)), { origin: 'o' }), UPDATED, 'newer');
    },
  },
];
