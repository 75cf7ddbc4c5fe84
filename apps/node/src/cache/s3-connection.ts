import { S3Client } from '@aws-sdk/client-s3';
import { s3Blobs, type BlobStore, type S3Place } from '@p2p/cache-backend/s3';
import { codeOf } from '../cli/app-error.ts';
import type { S3Settings } from '../config/shared-cache-settings.ts';
import type { SharedEngine } from './shared-cache.ts';

/** No blob has this name: asking for it is asking whether the bucket is there. */
const NO_BLOB = '0'.repeat(64);

/** A client of an S3 that can be ended at any time. */
export interface S3Connection extends Omit<SharedEngine, 'open'> {
  readonly client: S3Place['client'];
  /** The bytes of a cache there. */
  readonly blobs: BlobStore;
}

type Send = (command: unknown, options: { abortSignal: AbortSignal }) => Promise<unknown>;

/** Nothing is sent before `connect`. */
export function connectS3(settings: S3Settings): S3Connection {
  const { endpoint, region, bucket, prefix } = settings;
  const sdk = new S3Client({ ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }), ...(region === undefined ? {} : { region }) });
  const ended = new AbortController();
  const inner = sdk.send.bind(sdk) as unknown as Send;
  // Destroying the client alone ends its sockets, not its tries.
  const send: Send = (command, { abortSignal }) => inner(command, { abortSignal: AbortSignal.any([abortSignal, ended.signal]) });
  const client = { send: send as S3Place['client']['send'] };
  const blobs = s3Blobs({ client, bucket, prefix });
  return {
    client,
    blobs,
    connect: async () => void (await blobs.read(NO_BLOB)),
    end: () => {
      ended.abort();
      sdk.destroy();
    },
    refusal: (error) => s3Refusal(error, settings),
  };
}

function s3Refusal(error: unknown, { bucket, endpoint = 'AWS' }: S3Settings): string | undefined {
  const reason = codeOf(error) === 'CACHE_REMOTE' ? (error as Error).cause : error;
  if (!(reason instanceof Error)) return undefined;
  if (reason.name === 'CredentialsProviderError') return 'there are no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give them in another way that the AWS SDK knows';
  if (reason.message === 'Region is missing') return 'the region of the S3 is not known: set cacheS3Region or AWS_REGION; where a server has none any will do, for example us-east-1';
  if (reason.name === 'NoSuchBucket') return `there is no bucket ${bucket} at ${endpoint}: make it, or correct cacheS3Bucket`;
  const status = (reason as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  if (status === 301) return `the bucket ${bucket} is in another region: correct cacheS3Region`;
  // Some say that they do not find the account.
  if (status === undefined || ![400, 401, 403, 404].includes(status)) return undefined;
  return `the S3 at ${endpoint} refuses this machine (${reason.name}): use credentials that may list, read, write and remove in the bucket ${bucket}, and its region`;
}
