import { CheckError } from './errors.ts';
import { importFor } from './optional-packages.ts';

interface RolldownUtilities {
  transformSync(path: string, text: string, options: object): { code: string; errors: readonly { message: string }[] };
}

interface Esbuild {
  transformSync(text: string, options: object): { code: string };
}

/** Erases types, by whatever of the bundlers does that: all five then get the same JavaScript. */
export type ToJavaScript = (path: string, text: string) => string;

const TYPED = /\.(?:[cm]?ts|tsx|jsx)$/;

/** @throws CheckError CHECK_NO_BUNDLER when neither rolldown nor esbuild is installed */
export async function loadTranspiler(directory: string): Promise<ToJavaScript> {
  const rolldown = await importFor<RolldownUtilities>('rolldown/utils', directory);
  const esbuild = rolldown === undefined ? await importFor<Esbuild>('esbuild', directory) : undefined;
  if (rolldown === undefined && esbuild === undefined) throw new CheckError('CHECK_NO_BUNDLER', 'no bundler is installed: npm install --save-dev rolldown (or esbuild)');
  return (path, text) => {
    if (!TYPED.test(path)) return text;
    if (esbuild !== undefined) return esbuild.module.transformSync(text, { loader: path.endsWith('x') ? 'tsx' : 'ts', target: 'es2024', sourcefile: path }).code;
    const { code, errors } = rolldown!.module.transformSync(path, text, { target: 'es2024', sourcemap: false, typescript: { onlyRemoveTypeImports: false } });
    const [error] = errors;
    if (error !== undefined) throw new CheckError('CHECK_SYNTAX', `${path}: ${error.message}`);
    return code;
  };
}
