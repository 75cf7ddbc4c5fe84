// What `@p2p/trace` is without the condition `p2p-trace`. A file of its own because a bare package
// name is no valid target in `exports`.
export * from '@p2p/trace-noop';
