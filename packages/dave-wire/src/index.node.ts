/**
 * @p2p/dave-wire for Node: sodium-native if it is installed, else node:crypto, for signatures;
 * worker threads for proof-of-work. What is exported is the same everywhere: `api.ts`.
 */
import { chooseBackend } from './io/choose-backend.ts';
import { nodeWorkHost } from './io/work-threads-node.ts';
import { setDefaultBackend } from './signature/default-backend.ts';
import { setWorkHost } from './work-host.ts';

setDefaultBackend(chooseBackend());
setWorkHost(nodeWorkHost);

export * from './api.ts';
