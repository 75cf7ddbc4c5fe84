import { request } from 'node:http';
import { codeOf, AppError } from '../cli/app-error.ts';

/** A failure that the daemon reported: its code is the one of the failing part. */
export class DaemonError extends Error {
  override readonly name = 'DaemonError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Asks a running daemon; undefined when there is none on the socket. */
export function askDaemon(
  socketPath: string,
  call: { method: 'GET' | 'PUT'; path: string; body?: unknown; signal?: AbortSignal },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const outgoing = request(
      {
        socketPath,
        method: call.method,
        path: call.path,
        agent: false,
        ...(call.signal === undefined ? {} : { signal: call.signal }),
        headers: body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', reject);
        answer.once('end', () => {
          try {
            const content = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { code?: string; detail?: string };
            if (answer.statusCode === 200) resolve(content);
            else reject(new DaemonError(content.code ?? 'APP_DAEMON_REFUSED', content.detail ?? `the daemon answered ${answer.statusCode}`));
          } catch (error) {
            reject(new AppError('APP_DAEMON_REFUSED', `the daemon's answer is no JSON (status ${answer.statusCode})`, { cause: error }));
          }
        });
      },
    );
    outgoing.once('error', (error) => {
      const code = codeOf(error);
      if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(undefined);
      else if (code === 'EACCES') reject(new AppError('APP_DAEMON_UNREACHABLE', `${socketPath} belongs to another user`, { cause: error }));
      else reject(error);
    });
    outgoing.end(body);
  });
}
