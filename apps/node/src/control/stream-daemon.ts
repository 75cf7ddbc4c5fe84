import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../cli/app-error.ts';
import { ClientError } from '../client/client.ts';
import { unreachable } from './ask-daemon.ts';

export interface DaemonStream {
  method: 'GET' | 'POST';
  path: string;
  body?: AsyncIterable<Uint8Array>;
  signal: AbortSignal;
}

/**
 * What the daemon answers, chunk by chunk, for as long as it takes. An answer that ends early rejects.
 * @throws ClientError with the daemon's code; AppError APP_DAEMON_UNREACHABLE; `signal.reason`
 */
export async function* streamDaemon(socketPath: string, { method, path, body, signal }: DaemonStream): AsyncGenerator<Uint8Array, void, undefined> {
  signal.throwIfAborted();
  const outgoing = request({ socketPath, method, path, agent: false, signal, ...(body === undefined ? {} : { headers: { 'content-type': 'application/octet-stream' } }) });
  const answered = new Promise<Readable & { statusCode?: number }>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  // The daemon may refuse before it has read everything; what it answers says why.
  let sendFailure: unknown;
  if (body === undefined) outgoing.end();
  else pipeline(Readable.from(body), outgoing).catch((error: unknown) => void (sendFailure = error));
  try {
    const answer = await answered;
    if (answer.statusCode !== 200) throw await refusalIn(answer);
    for await (const chunk of answer) yield chunk as Uint8Array;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ClientError || error instanceof AppError) throw error;
    // What is read from, not the connection, may be what failed.
    if (sendFailure instanceof AppError) throw sendFailure;
    throw new AppError('APP_DAEMON_UNREACHABLE', unreachable(socketPath, error), { cause: error });
  } finally {
    outgoing.destroy();
  }
}

async function refusalIn(answer: AsyncIterable<unknown> & { statusCode?: number }): Promise<ClientError> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  let content: { code?: unknown; detail?: unknown } = {};
  try {
    content = JSON.parse(Buffer.concat(chunks).toString('utf8')) as typeof content;
  } catch {
    // No daemon of ours says such a thing; the status is all there is to tell.
  }
  const code = typeof content.code === 'string' ? content.code : 'APP_DAEMON_REFUSED';
  return new ClientError(code, typeof content.detail === 'string' ? content.detail : `the daemon answered ${answer.statusCode}`);
}
