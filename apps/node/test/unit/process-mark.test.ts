import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ownerOf, processMark } from '../../src/publish/io/process-mark.ts';

const [pid = '', start = '', space = ''] = processMark().split('-');

test('a mark of this process is of a living one', () => {
  expect(ownerOf(`${processMark()}x`)).toBe('living');
});

test('a process that has ended is dead', () => {
  const ended = spawnSync(process.execPath, ['-e', '']).pid;
  expect(ownerOf(`${ended}-${start}-${space}-x`)).toBe('dead');
});

test.skipIf(start === '0')('a pid that another process got meanwhile is dead', () => {
  expect(ownerOf(`${pid}-${Number(start) + 1}-${space}-x`)).toBe('dead');
});

test('of another machine, boot or pid namespace, and without a mark, nothing is known', () => {
  expect(ownerOf(`${pid}-${start}-0123456789abcdef-x`)).toBe('unknown');
  expect(ownerOf('p2p-cache-build-abcdef')).toBe('unknown');
});
