import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { compileBlocks, writeBlocks } from '../src/compile-blocks.ts';
import { allCodeBlocks, codeBlocks, documents } from '../src/readme-blocks.ts';
import { publishedPackages } from '../src/source-files.ts';

const blocks = allCodeBlocks();

test('every published package shows how it is used, in code that is checked here', () => {
  const silent = publishedPackages()
    // A program is shown as commands.
    .filter(({ manifest }) => manifest.name !== '@p2p/node')
    .filter(({ directory }) => !blocks.some(({ path }) => path === `${directory}/README.md`));
  expect(silent.map(({ manifest }) => manifest.name)).toEqual([]);
  expect(documents()).toEqual(expect.arrayContaining(['README.md', 'docs/architecture.md', 'apps/node/README.md', 'packages/dave-node/README.md']));
});

test(`all ${blocks.length} blocks of the documents compile`, () => {
  expect(compileBlocks(blocks, 'documents')).toEqual([]);
});

const programs = blocks.filter(({ runs }) => runs);
const { files } = writeBlocks(programs, 'programs');

describe('blocks that are programs run and end by themselves', () => {
  test.each(programs.map((block) => [`${block.path}:${block.line}`, block] as const))('%s', (_where, block) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [files.get(block) ?? ''], { encoding: 'utf8', timeout: 20_000 });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).not.toBe('');
  });

  test('there are some', () => {
    expect(programs.length).toBeGreaterThan(0);
  });
});

describe('the check sees what it is there for', () => {
  const text = [
    '# A document',
    '```sh',
    "import { x } from 'nowhere';",
    '```',
    '```ts',
    "import { parseAddrPort } from '@p2p/dave-wire';",
    '',
    'const port: string = parseAddrPort(4127);',
    '```',
    '- in a list',
    '  ```ts run',
    '  console.log(1);',
    '  ```',
  ].join('\n');

  test('blocks are found with their lines, and other languages are left alone', () => {
    expect(codeBlocks('probe.md', text)).toEqual([
      { path: 'probe.md', line: 6, code: "import { parseAddrPort } from '@p2p/dave-wire';\n\nconst port: string = parseAddrPort(4127);", runs: false },
      { path: 'probe.md', line: 12, code: 'console.log(1);', runs: true },
    ]);
    expect(() => codeBlocks('probe.md', '```ts\n1')).toThrow('probe.md:1: this block is never closed');
  });

  test('a broken block is reported at its place in the document', () => {
    const complaints = compileBlocks(codeBlocks('probe.md', text), 'probe');
    expect(complaints).toEqual([
      expect.stringMatching(/^probe\.md\(8,7\): error TS2322: /),
      expect.stringMatching(/^probe\.md\(8,36\): error TS2345: .*'number'/),
    ]);
  });
});
