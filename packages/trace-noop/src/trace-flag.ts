/**
 * False: this is the twin that does nothing. Guard every trace statement with `if (TRACE)`, so that
 * bundlers drop it whole. Typed `boolean`, as in `@p2p/trace`, so that code compiles the same against both.
 */
// A file of its own, and the first that the index names: esbuild folds a constant of another file only
// where nothing but constants stands before it.
export const TRACE: boolean = false;
