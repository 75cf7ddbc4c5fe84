// Entry of the module that every platform runs: hashes, and the work search without SIMD.
export { INPUT, OUTPUT, WINDOW, WORK_DIGEST } from './layout';
export { blake3Absorb, blake3Finish, computeWork, prepareWork } from './blake3';
export { xxHash64Absorb, xxHash64Finish } from './xxhash64';
export { search } from './search';
