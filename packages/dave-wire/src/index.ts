/**
 * @p2p/dave-wire for browsers and other runtimes: pure JavaScript signatures, Web Workers for
 * proof-of-work. What is exported is the same everywhere: `api.ts`.
 */
import { webWorkHost } from './io/work-threads-web.ts';
import { setWorkHost } from './work-host.ts';

setWorkHost(webWorkHost);

export * from './api.ts';
