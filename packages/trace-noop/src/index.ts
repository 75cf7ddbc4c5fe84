/**
 * False: this is the twin that does nothing. Guard every trace statement with `if (TRACE)`, so that
 * bundlers drop it whole. Typed `boolean`, as in `@p2p/trace`, so that code compiles the same against both.
 */
export const TRACE: boolean = false;
