export type PublishErrorCode =
  /** Of another version than this program reads. */
  | 'PUBLISH_UNKNOWN_VERSION'
  /** The value under a tree's name is no pointer to a manifest. */
  | 'PUBLISH_BAD_POINTER'
  /** A manifest or a page of it breaks the format. */
  | 'PUBLISH_BAD_MANIFEST'
  /** It could be read, but is not written in the one way that it may be. */
  | 'PUBLISH_NOT_CANONICAL'
  /** A name that could lead out of its directory, or that no file can have. */
  | 'PUBLISH_UNSAFE_NAME'
  /** Two names that the file system takes for the same. */
  | 'PUBLISH_CASE_CONFLICT'
  /** Sizes or counts that contradict each other. */
  | 'PUBLISH_SIZE_MISMATCH'
  /** Above a limit of the format, or above what was allowed. */
  | 'PUBLISH_TOO_LARGE'
  /** A block is not what its key says. */
  | 'PUBLISH_TAMPERED'
  /** The network has no tree of that name. */
  | 'PUBLISH_NOT_FOUND'
  /** Blocks that no replica has. */
  | 'PUBLISH_BLOCKS_MISSING'
  /** Blocks that nobody answered for. */
  | 'PUBLISH_BLOCKS_SILENT'
  /** Blocks that fewer replicas than asked for have confirmed. */
  | 'PUBLISH_NOT_ENOUGH_ACKS'
  /** A newer tree has been published under the name meanwhile, or by a clock that is ahead. */
  | 'PUBLISH_NEWER_EXISTS'
  /** The tree holds what only root can read. */
  | 'PUBLISH_UNREADABLE'
  /** The tree to publish cannot be read, or holds what is no file, directory or symbolic link, or the private key. */
  | 'PUBLISH_BAD_SOURCE'
  /** The tree changed while it was read. */
  | 'PUBLISH_SOURCE_CHANGED'
  /** Where the tree was to be written is not free. */
  | 'PUBLISH_TARGET_EXISTS';

/** A tree that cannot be published or fetched; nothing was written to where the tree belongs. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  readonly code: PublishErrorCode;
  /** More about it, for `--json`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: PublishErrorCode, message: string, options: { details?: Readonly<Record<string, unknown>>; cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.details = options.details ?? {};
  }
}
