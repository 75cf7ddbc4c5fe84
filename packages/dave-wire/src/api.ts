/** Everything that `@p2p/dave-wire` exports, in browsers and in Node alike. */
export * from './constants.ts';
export { WireError, type WireErrorCode } from './errors.ts';
export type * from './message.ts';

export { blake3, xxHash64 } from './hash.ts';
export {
  checkWork,
  computeWork,
  leadingZeroBits,
  solveWork,
  type SolveWorkOptions,
  type Work,
  type WorkProgress,
} from './work.ts';

export { createDat } from './io/create-dat.ts';
export type { CreateDatOptions, CreateDatRun } from './create-dat.ts';
export { datDigest, type SignedFields } from './dat-digest.ts';
export { verifyDat, verifyDatSync, type DatRefusal, type Verdict, type VerifyDatOptions } from './verify-dat.ts';
export { BIND_KEY_OVERHEAD, bindValue, unbindValue, type UnboundValue } from './bind-key.ts';

export { createChallenge, solveChallenge, verifySolution, verifySolutionSync, type SolveChallengeOptions } from './challenge.ts';
export { saltBinding, type SaltBinding } from './salt-binding.ts';

export { keyPairFromSeed, readGodaveKey, type KeyPair } from './keys.ts';
export { generateKeyPair, systemRandom } from './io/generate-key-pair.ts';
export type { RandomBytes } from './random.ts';
export type { SignatureBackend } from './signature/backend.ts';
export { defaultBackend } from './signature/default-backend.ts';
export { nobleBackend } from './signature/noble.ts';

export { decodeMessage, tryDecodeMessage } from './decode.ts';
export { encodeMessage, encodeMessageInto } from './encode.ts';
export { messageSize } from './message-size.ts';
export { copyDat, copyEntry, copyMessage } from './copy-message.ts';
export { datSize, decodeDat, decodeEntry, encodeDat, encodeEntry, encodeEntryInto, entrySize, isNotFound, notFoundEntry } from './entry.ts';
export { canonicalAddress, formatAddrPort, parseAddrPort } from './addr-port.ts';
export { distance, peerIdOf, sortByDistance } from './distance.ts';
export { accountedSize, shardOf, storeKey } from './store-key.ts';
export { encodeUtf8 } from './utf8.ts';
export { decodeGodaveBackup, encodeGodaveBackup, type BackupItem } from './godave-backup.ts';
export { encodeFrame, FrameDecoder } from './framing.ts';
