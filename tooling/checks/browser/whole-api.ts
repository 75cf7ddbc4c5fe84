// Everything that the package exports: what a bundler makes of this is its size for browsers.
export * from '@p2p/dave-wire';
