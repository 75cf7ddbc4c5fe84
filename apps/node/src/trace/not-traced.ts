/** What is said wherever traces are asked for in a build without them. */
export const NOT_TRACED = {
  code: 'APP_NOT_TRACED',
  program: 'this is not a traced build: add --traced, or set NODE_OPTIONS="-C p2p-trace"',
  daemon: 'the daemon is not a traced build: stop it and start it with: dave up --traced',
} as const;
