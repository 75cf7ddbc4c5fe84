import { AppError, codeOf } from './app-error.ts';

/** Where a command writes: data to stdout, everything for a person's eyes to stderr. */
export interface Output {
  /** With `--json`, results are single JSON documents on stdout. */
  readonly json: boolean;
  /** True when stderr is a terminal that a person watches. */
  readonly interactive: boolean;
  /** The command's result. Rejects with APP_OUTPUT_CLOSED when nobody reads it any more. */
  data(bytes: Uint8Array | string): Promise<void>;
  /** A line of explanation; silent with `--quiet`. */
  note(line: string): void;
  /** A line that the next one replaces, on terminals only; an empty one takes it away. */
  progress(line: string): void;
}

/** The part of a stream that is written to. */
export type Sink = Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;

const CLEAR_LINE = '\r\u001B[K';

/** Small 64-bit numbers as numbers, others as decimal strings; bytes in hex. Ids are turned into hex before they come here. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return item <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(item) : item.toString();
    if (item instanceof Uint8Array) return Buffer.from(item).toString('hex');
    return item;
  });
}

export function createOutput(options: { json: boolean; quiet: boolean; stdout?: Sink; stderr?: Sink }): Output {
  const { json, quiet, stdout = process.stdout, stderr = process.stderr } = options;
  const interactive = stderr.isTTY && !json && !quiet;
  let progressShown = false;
  const clear = (): string => {
    const sequence = progressShown ? CLEAR_LINE : '';
    progressShown = false;
    return sequence;
  };
  return {
    json,
    interactive,
    data: (bytes) =>
      new Promise((resolve, reject) => {
        if (progressShown) stderr.write(clear());
        stdout.write(bytes, (error) => {
          if (!error) return resolve();
          if (codeOf(error) === 'EPIPE') reject(new AppError('APP_OUTPUT_CLOSED', 'nobody reads standard output any more', { cause: error }));
          else reject(new AppError('APP_OUTPUT_FAILED', `cannot write to standard output: ${error.message}`, { cause: error }));
        });
      }),
    note: (line) => {
      if (!quiet) stderr.write(`${clear()}${line}\n`);
    },
    progress: (line) => {
      if (!interactive) return;
      const before = clear();
      if (before !== '' || line !== '') stderr.write(`${before}${line}`);
      progressShown = line !== '';
    },
  };
}
