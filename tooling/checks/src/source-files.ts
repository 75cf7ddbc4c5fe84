import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const ROOT: string = join(dirname(fileURLToPath(import.meta.url)), '../../..');

export interface PackageManifest {
  name: string;
  private?: boolean;
  exports?: unknown;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  files?: string[];
}

export interface WorkspacePackage {
  /** Path relative to the root, such as `packages/dave-wire`. */
  directory: string;
  manifest: PackageManifest;
}

/** What is published: the libraries and the node. */
export function publishedPackages(): WorkspacePackage[] {
  return globSync('{packages,apps}/*/package.json', { cwd: ROOT })
    .map((path) => ({
      directory: dirname(path),
      manifest: JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as PackageManifest,
    }))
    .filter(({ manifest }) => manifest.private !== true)
    .toSorted((a, b) => a.directory.localeCompare(b.directory));
}

/** TypeScript sources of a package, relative to the root; generated code is not ours to judge. */
export function sourceFiles(directory: string): string[] {
  if (!existsSync(join(ROOT, directory, 'src'))) return [];
  return globSync(`${directory}/src/**/*.{ts,tsx}`, { cwd: ROOT }).filter((path) => !path.endsWith('generated.ts')).toSorted();
}

export function readSource(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
