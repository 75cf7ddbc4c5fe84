import type { SignatureBackend } from './backend.ts';
import { nobleBackend } from './noble.ts';

let current: SignatureBackend = nobleBackend;

/** The backend of every call that names none: in Node the fastest one that is installed, elsewhere noble. */
export function defaultBackend(): SignatureBackend {
  return current;
}

/** Called once by the package's entry for Node, at load. */
export function setDefaultBackend(backend: SignatureBackend): void {
  current = backend;
}
