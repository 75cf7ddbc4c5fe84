import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface FoundPackage<T> {
  readonly module: T;
  readonly version: string;
}

/**
 * Imports a package that need not be installed: the one of the program that is checked, else the one that is
 * installed beside this package. Undefined when there is none.
 */
export async function importFor<T>(specifier: string, directory: string): Promise<FoundPackage<T> | undefined> {
  for (const from of [pathToFileURL(join(directory, 'package.json')).href, import.meta.url]) {
    const require = createRequire(from);
    let path: string;
    try {
      path = require.resolve(specifier);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') continue;
      throw error;
    }
    return { module: (await import(pathToFileURL(path).href)) as T, version: versionAbove(path) };
  }
  return undefined;
}

function versionAbove(path: string): string {
  for (let directory = dirname(path); directory !== dirname(directory); directory = dirname(directory)) {
    try {
      const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { version?: string };
      if (version !== undefined) return version;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw error;
    }
  }
  return 'unknown';
}
