import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { AppError } from '../cli/app-error.ts';
import { nearestName } from './nearest-name.ts';
import { CONFIG_KEYS, configSchema, type Config } from './schema.ts';
import { withoutPassword } from './without-password.ts';

/** Values given as flags; undefined means not given. */
export type ConfigFlags = { [K in keyof Config]?: unknown };

type Origin = { name: string; document?: Document; lines?: LineCounter };

/** Where dave keeps its files unless told otherwise. */
export function defaultDataDir(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32' && env['LOCALAPPDATA']) return join(env['LOCALAPPDATA'], 'dave');
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'dave');
}

const envName = (key: string): string => `DAVE_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/**
 * Flags over `DAVE_*` variables over the YAML file over defaults. Lists replace each other.
 * @throws AppError APP_CONFIG with file, line, column, value and what would be right
 */
export async function loadConfig(options: { file?: string | undefined; flags: ConfigFlags; env: NodeJS.ProcessEnv }): Promise<Config & { keyFile: string }> {
  // A map, because a file may hold any name, `__proto__` too.
  const given = new Map<string, unknown>([['dataDir', defaultDataDir(options.env)]]);
  const origins = new Map<string, Origin>();
  if (options.file !== undefined) await readYaml(options.file, given, origins);
  readEnvironment(options.env, given, origins);
  for (const [key, value] of Object.entries(options.flags)) {
    if (value === undefined) continue;
    given.set(key, value);
    origins.set(key, { name: key === 'edges' ? '--edge' : `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}` });
  }
  const values = Object.fromEntries(given);
  const parsed = configSchema.safeParse(values);
  if (!parsed.success) {
    throw new AppError('APP_CONFIG', parsed.error.issues.map((issue) => describe(issue, values, origins)).join('\n'));
  }
  return { ...parsed.data, keyFile: parsed.data.keyFile ?? join(parsed.data.dataDir, 'key.dave') };
}

async function readYaml(file: string, given: Map<string, unknown>, origins: Map<string, Origin>): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new AppError('APP_CONFIG', `cannot read the configuration ${file}: ${(error as Error).message}`, { cause: error });
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const broken = document.errors[0];
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw new AppError('APP_CONFIG', `${file}:${line}:${col}: ${broken.message}`);
  }
  const content: unknown = document.toJS({ maxAliasCount: 10 });
  if (content === null || content === undefined) return;
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new AppError('APP_CONFIG', `${file}:1:1: a configuration is a mapping, for example\n  listen: '[::]:4127'`);
  }
  for (const [key, value] of Object.entries(content)) {
    given.set(key, value);
    origins.set(key, { name: file, document, lines });
  }
}

/** What Kubernetes and Docker links set in every container for a service called "dave": addresses, no settings. */
const ORCHESTRATED = /^DAVE_(?:SERVICE_|PORT(?:$|_)|ENV_|NAME$)/;

function readEnvironment(env: NodeJS.ProcessEnv, given: Map<string, unknown>, origins: Map<string, Origin>): void {
  const known = new Map(CONFIG_KEYS.map((key) => [envName(key), key]));
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('DAVE_') || name === 'DAVE_CONFIG' || text === undefined || ORCHESTRATED.test(name)) continue;
    const key = known.get(name);
    if (key === undefined) {
      const meant = nearestName(name, [...known.keys()]);
      throw new AppError('APP_CONFIG', `${name}: no such setting${meant === undefined ? '' : `; did you mean ${meant}?`}`);
    }
    given.set(key, fromText(key, text));
    origins.set(key, { name });
  }
}

/** Variables carry text; numbers and lists are recognised by the setting they are for. */
function fromText(key: string, text: string): unknown {
  if (key === 'edges') return text.split(',').map((part) => part.trim()).filter((part) => part !== '');
  if (key === 'verifyThreads' && /^\d+$/.test(text)) return Number(text);
  return text;
}

function describe(issue: z.core.$ZodIssue, values: Record<string, unknown>, origins: Map<string, Origin>): string {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys
      .map((key) => {
        const meant = nearestName(key, CONFIG_KEYS);
        return `${place(origins.get(key), [key])}: unknown setting '${key}'${meant === undefined ? `; known are ${CONFIG_KEYS.join(', ')}` : `; did you mean '${meant}'?`}`;
      })
      .join('\n');
  }
  const key = String(issue.path[0] ?? '');
  const value = issue.path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step], values);
  const words = issue.code === 'invalid_value' ? issue.values.map(String) : [];
  const meant = typeof value === 'string' ? nearestName(value, words) : undefined;
  const hint = meant === undefined ? '' : `; did you mean '${meant}'?`;
  const shown = /(?:Url|Endpoint)$/.test(key) && typeof value === 'string' ? withoutPassword(value) : value;
  return `${place(origins.get(key), issue.path)}: ${issue.path.join('.')} = ${JSON.stringify(shown)}: ${issue.message}${hint}`;
}

function place(origin: Origin | undefined, path: readonly PropertyKey[]): string {
  if (origin === undefined) return 'configuration';
  if (origin.document === undefined || origin.lines === undefined) return origin.name;
  const node = origin.document.getIn(path, true);
  const start = isNode(node) ? node.range?.[0] : undefined;
  if (start === undefined) return origin.name;
  const { line, col } = origin.lines.linePos(start);
  return `${origin.name}:${line}:${col}`;
}
