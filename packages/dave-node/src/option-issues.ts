import type * as z from 'zod/mini';

/** The value at a path of the options. */
function valueAt(options: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown> | undefined)?.[step], options);
}

/** What was given, short and on one line; bytes may be a secret. */
function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value);
}

/** What would have been right. */
function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${issue.expected === 'int' ? 'a whole number' : `of type ${issue.expected}`}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => `'${String(value)}'`).join(' or ')}`;
    case 'too_small':
      return `must be at least ${issue.minimum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

/** One line about something that is wrong with the options: which, what it was, and what it must be. A private key is not shown. */
export function describeIssue(issue: z.core.$ZodIssue, options: unknown): string {
  const name = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${name === '' ? key : `${name}.${key}`}: there is no such option`).join('; ');
  }
  const value = valueAt(options, issue.path);
  return `${name}: ${wanted(issue)}, not ${name === 'privateKey' && typeof value === 'string' ? 'text' : shown(value)}`;
}
