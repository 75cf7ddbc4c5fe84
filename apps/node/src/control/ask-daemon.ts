import { request } from 'node:http';
import { AppError, codeOf } from '../cli/app-error.ts';
import { ClientError } from '../client/client.ts';

export interface DaemonCall {
  method: 'GET' | 'PUT';
  path: string;
  body?: unknown;
  /** How long the answer may take. */
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * Asks the daemon on a control socket.
 * @throws ClientError with the daemon's code; AppError APP_DAEMON_UNREACHABLE, APP_DAEMON_REFUSED, APP_TIMEOUT; `signal.reason`
 */
export async function askDaemon(socketPath: string, call: DaemonCall): Promise<unknown> {
  const expiry = AbortSignal.timeout(call.timeoutMs);
  const { status, text } = await exchange(socketPath, call, AbortSignal.any([call.signal, expiry])).catch((error: unknown) => {
    call.signal.throwIfAborted();
    if (expiry.aborted) throw new AppError('APP_TIMEOUT', `the daemon on ${socketPath} did not answer within ${call.timeoutMs / 1000} s`, { cause: error });
    throw new AppError('APP_DAEMON_UNREACHABLE', unreachable(socketPath, error), { cause: error });
  });
  let content: { code?: unknown; detail?: unknown; details?: Record<string, unknown> };
  try {
    content = JSON.parse(text) as typeof content;
  } catch (error) {
    throw new AppError('APP_DAEMON_REFUSED', `what answers on ${socketPath} is no dave daemon (status ${status}, no JSON)`, { cause: error });
  }
  if (status === 200) return content;
  const code = typeof content.code === 'string' ? content.code : 'APP_DAEMON_REFUSED';
  throw new ClientError(code, typeof content.detail === 'string' ? content.detail : `the daemon answered ${status}`, { details: content.details ?? {} });
}

export function unreachable(socketPath: string, error: unknown): string {
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM') return `${socketPath} belongs to another user`;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return `no daemon serves ${socketPath}`;
  return `the daemon on ${socketPath} went away before it answered (${(error as Error).message})`;
}

function exchange(socketPath: string, call: DaemonCall, signal: AbortSignal): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request({ socketPath, method: call.method, path: call.path, agent: false, signal, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
