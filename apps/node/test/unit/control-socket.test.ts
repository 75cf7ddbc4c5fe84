import { expect, test } from 'vitest';
import { controlSocketPath } from '../../src/control/control-socket.ts';

test('the socket is a file in the data directory', () => {
  expect(controlSocketPath('/data/dave', 'linux')).toBe('/data/dave/dave.sock');
});

test('on Windows it is a pipe with a name of bounded length that belongs to one directory, however that is written', () => {
  const long = `C:\\${'x'.repeat(400)}`;
  const names = ['C:\\dave', 'C:\\dave2', `${long}\\a`, `${long}\\b`].map((directory) => controlSocketPath(directory, 'win32'));
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^\\\\\.\\pipe\\dave-[0-9a-f]{32}$/);
  expect(controlSocketPath('C:\\DAVE', 'win32')).toBe(names[0]);
});
