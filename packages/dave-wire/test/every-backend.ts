import { nobleBackend, type SignatureBackend } from '../src/api.ts';
import { nodeBackend, sodiumBackend, sodiumFailure } from '../src/node.ts';

/** All three: a test run in which sodium cannot be loaded has not judged it, so it fails. */
export function everyBackend(): readonly SignatureBackend[] {
  if (sodiumBackend === undefined) throw new Error('sodium-native is a devDependency and must load here.', { cause: sodiumFailure });
  return [nobleBackend, nodeBackend, sodiumBackend];
}
