/** Where a command writes: data to stdout, everything for a person's eyes to stderr. */
export interface Output {
  /** With `--json`, results are single JSON documents on stdout. */
  readonly json: boolean;
  /** True when stderr is a terminal that a person watches. */
  readonly interactive: boolean;
  /** The command's result. */
  data(bytes: Uint8Array | string): Promise<void>;
  /** A line of progress or explanation; silent with `--quiet`. */
  note(line: string): void;
}

/** 64-bit numbers as decimal strings would lose their meaning as ids, so ids are turned into hex before; other bigints are counts. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return item <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(item) : item.toString();
    if (item instanceof Uint8Array) return Buffer.from(item).toString('hex');
    return item;
  });
}

export function terminalOutput(options: { json: boolean; quiet: boolean }): Output {
  return {
    json: options.json,
    interactive: process.stderr.isTTY && !options.json && !options.quiet,
    data: (bytes) =>
      new Promise((resolve, reject) => {
        // A reader such as `head` that goes away early is no failure of ours.
        process.stdout.write(bytes, (error) => {
          if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') reject(error);
          else resolve();
        });
      }),
    note: (line) => {
      if (!options.quiet) process.stderr.write(`${line}\n`);
    },
  };
}
