// Preloaded by a test: this process stops itself, as if by SIGSTOP, when its cache has made the directory in which it puts a tree together.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { mkdirSync } = fs;
fs.mkdirSync = (path, options) => {
  const made = mkdirSync(path, options);
  if (/\/tmp\/[^/]+\/build-\d+$/.test(path.toString())) process.kill(process.pid, 'SIGSTOP');
  return made;
};
syncBuiltinESMExports();
