// Preloaded by a test: this process stops itself, as if by SIGSTOP, when it has made the directory in which it puts a tree together.
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';

const { mkdtemp } = fs;
fs.mkdtemp = async (prefix, options) => {
  const made = await mkdtemp(prefix, options);
  if (basename(prefix) === 'p2p-cache-build-') process.kill(process.pid, 'SIGSTOP');
  return made;
};
syncBuiltinESMExports();
