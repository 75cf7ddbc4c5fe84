/** The signature backends that only Node has. `@p2p/dave-wire` itself chooses among them as it loads. */
export { nodeBackend } from './io/node-backend.ts';
export { sodiumBackend, sodiumFailure } from './io/sodium-backend.ts';
export type { SignatureBackend } from './signature/backend.ts';
