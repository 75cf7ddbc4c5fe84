import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openProgram, type Program } from '@p2p/trace/check';
import { build, type UserConfig } from 'tsdown';

/** One published package as its own `tsdown.config.ts` builds it. */
export interface LibraryBuild {
  /** Absolute. */
  readonly directory: string;
  /** Output names without extension, to sources. */
  readonly entries: Readonly<Record<string, string>>;
  readonly platform: 'node' | 'browser';
  readonly configs: readonly UserConfig[];
}

/** The configurations of a package's default flavour. */
export async function libraryBuild(directory: string): Promise<LibraryBuild> {
  const { default: all } = (await import(pathToFileURL(join(directory, 'tsdown.config.ts')).href)) as { default: readonly UserConfig[] };
  const configs = all.filter(({ outDir }) => outDir === 'dist');
  const entries = Object.assign({}, ...configs.map(({ entry }) => entry)) as Record<string, string>;
  return { directory, entries, platform: configs[0]?.platform === 'node' ? 'node' : 'browser', configs };
}

export async function programOf({ directory, entries }: LibraryBuild): Promise<Program> {
  return await openProgram(Object.values(entries).map((source) => join(directory, source)));
}

/** Builds the default flavour as it is. */
export async function buildDefault(library: LibraryBuild, outDir: string): Promise<void> {
  await buildWith(library, () => undefined, outDir);
}

/** Builds it from sources without trace statements, by the very same configuration. */
export async function buildWithoutTrace(library: LibraryBuild, program: Program, outDir: string): Promise<void> {
  await buildWith(library, (path) => (program.has(path) ? program.stripped(path) : undefined), outDir);
}

async function buildWith({ directory, configs }: LibraryBuild, textOf: (path: string) => string | undefined, outDir: string): Promise<void> {
  for (const config of configs) {
    await build({
      ...config,
      config: false,
      cwd: directory,
      outDir,
      dts: false,
      clean: false,
      logLevel: 'error',
      plugins: [
        {
          name: 'other-sources',
          load: (id: string) => {
            const [path = id] = id.split('?');
            const code = textOf(path);
            return code === undefined ? undefined : { code, moduleType: path.endsWith('.tsx') ? 'tsx' : 'ts' };
          },
        },
      ],
    });
  }
}

/** The scripts of a default flavour, relative to its directory. */
export function scriptsIn(directory: string): string[] {
  return globSync('**/*.js', { cwd: directory, exclude: (name) => name === 'traced' }).toSorted();
}
