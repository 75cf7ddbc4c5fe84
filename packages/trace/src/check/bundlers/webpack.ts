import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { CheckError } from '../errors.ts';
import { SCRIPT } from '../module-graph.ts';
import { importFor } from '../optional-packages.ts';
import type { Bundler } from './bundler.ts';

interface Stats {
  hasErrors(): boolean;
  toString(options: string): string;
}

interface Webpack {
  default(options: object, done: (error: Error | null, stats: Stats | undefined) => void): unknown;
}

type ReadDone = (error: Error | null, content?: Buffer) => void;

interface Compiler {
  inputFileSystem: { readFile(path: string, ...rest: unknown[]): void };
}

/** Gives webpack the files of the program: it reads them as if they had been written so. */
function programFiles(load: (path: string) => string | undefined): { apply(compiler: Compiler): void } {
  return {
    apply: (compiler): void => {
      const { inputFileSystem: disk } = compiler;
      const read = disk.readFile.bind(disk);
      disk.readFile = (path, ...rest): void => {
        const code = load(path);
        if (code === undefined) read(path, ...rest);
        else (rest.at(-1) as ReadDone)(null, Buffer.from(code));
      };
    },
  };
}

export async function webpackBundler(directory: string): Promise<Bundler | undefined> {
  const found = await importFor<Webpack>('webpack', directory);
  if (found === undefined) return undefined;
  return {
    name: 'webpack',
    version: found.version,
    bundle: async ({ entries, load, isExternal, platform }) => {
      const path = await mkdtemp(join(tmpdir(), 'p2p-trace-check-'));
      try {
        await run(found.module, {
          mode: 'production',
          // Module ids are made of paths from here.
          context: dirname(entries[0] ?? '.'),
          target: platform === 'node' ? 'node22' : ['web', 'es2024'],
          entry: Object.fromEntries(entries.map((entry, index) => [`${index}-${basename(entry)}`, entry])),
          output: { path, filename: '[name].mjs', chunkFilename: 'chunk-[id].mjs', library: { type: 'module' }, module: true, chunkFormat: 'module' },
          experiments: { outputModule: true },
          externalsType: 'module',
          externals: [({ request }: { request?: string }, done: (error?: null, result?: string) => void): void => (request !== undefined && isExternal(request) ? done(null, request) : done())],
          resolve: { extensions: ['.ts', '.tsx', '.js', '.mjs'], extensionAlias: { '.js': ['.ts', '.js'], '.mjs': ['.mts', '.mjs'] } },
          module: {
            // What it would put in for `import.meta.url` are paths of this machine.
            parser: { javascript: { url: false, worker: false, importMeta: false } },
            // It is JavaScript already, whatever the files are called.
            rules: [{ test: SCRIPT, type: 'javascript/auto' }],
          },
          plugins: [programFiles(load)],
          performance: { hints: false },
        });
        const names = await readdir(path);
        return await Promise.all(names.toSorted().map(async (name) => ({ name, code: await readFile(join(path, name), 'utf8') })));
      } finally {
        await rm(path, { recursive: true, force: true });
      }
    },
  };
}

function run(webpack: Webpack, options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    webpack.default(options, (error, stats) => {
      if (error !== null) reject(error);
      else if (stats?.hasErrors() === true) reject(new CheckError('CHECK_BUNDLE_FAILED', `webpack: ${stats.toString('errors-only')}`));
      else resolve();
    });
  });
}
