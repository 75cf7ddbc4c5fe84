import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { BulkClient } from '../../client/bulk.ts';
import type { Client } from '../../client/client.ts';
import { openClient } from '../../client/open-client.ts';
import { createLogger, openTreeStore } from '../../compose.ts';
import { formatByteSize, parseByteSize } from '../../config/byte-size.ts';
import { readKeyFile } from '../../key/key-file.ts';
import { PublishError } from '../../publish/core/publish-error.ts';
import { fetchTree, type FetchOptions } from '../../publish/io/fetch-tree.ts';
import { AppError } from '../app-error.ts';
import { contextOf, type Invocation } from '../context.ts';
import { toJson } from '../output.ts';
import { progressBar } from '../progress-bar.ts';
import { duration } from '../values.ts';
import { treeName } from './publish.ts';

interface FetchFlags {
  output?: string;
  latest?: boolean;
  maxAge: number;
  maxSize: number;
  setId?: boolean;
  timeout: number;
}

const STEPS = { manifest: ['manifest', 'blocks'], blocks: ['fetching', 'blocks'], write: ['writing', 'entries'] } as const;

export function fetchCommand(invocation: Invocation): Command {
  return new Command('fetch')
    .description('fetch a published directory into the cache and print where it is')
    .argument('<name>', "a tree of yours, or '<public key>/<name>' of anybody")
    .option('-o, --output <dir>', 'also copy it there; the directory must not exist')
    .option('--latest', 'ask the network what the name stands for, and fail if it cannot be asked')
    .addOption(new Option('--max-age <time>', 'take what the name stood for without asking if that was asked no longer ago').argParser(duration).default(60_000, '1m'))
    .addOption(new Option('--max-size <size>', 'refuse larger trees').argParser(byteSize).default(4 * 1024 ** 3, '4GiB'))
    .option('--set-id', 'keep set-user-id and set-group-id bits')
    .addOption(new Option('--timeout <time>', 'how long to wait for peers and for each answer').argParser(duration).default(10_000, '10s'))
    .action(async (target: string, flags: FetchFlags, command: Command) => {
      const { output, signal, config: load } = contextOf(command, invocation);
      const config = await load();
      const { publicKey, name } = await parseTarget(target, config.keyFile);
      if (flags.output !== undefined && existsSync(flags.output)) throw new PublishError('PUBLISH_TARGET_EXISTS', `${flags.output} exists: give the name of a directory that does not`);
      if (flags.output !== undefined && !existsSync(dirname(resolve(flags.output)))) throw new AppError('APP_USAGE', `there is no directory ${dirname(resolve(flags.output))} for ${flags.output}: make it first`);
      await using store = await openTreeStore(config, { signal, logger: createLogger(config.logLevel) });
      await using connection = new LazyClient(() => openClient(config, { timeoutMs: flags.timeout, signal }));
      const bar = progressBar(output);
      const onProgress: FetchOptions['onProgress'] = (step, done, total) => bar({ label: STEPS[step][0], unit: STEPS[step][1], done, total });
      const startedMs = performance.now();
      const { tree, downloaded, ...fetched } = await fetchTree(() => connection.open(), store, {
        publicKey,
        name,
        dataDir: config.dataDir,
        maxAgeMs: flags.maxAge,
        mustAsk: flags.latest === true,
        maxBytes: flags.maxSize,
        cacheCapacity: config.cacheCapacity,
        setId: flags.setId === true,
        timeoutMs: flags.timeout,
        signal,
        note: (line) => output.note(line),
        onProgress,
      }).finally(() => output.progress(''));
      await using held = tree;
      if (flags.output !== undefined) await store.copyTo(held, flags.output, signal);
      const path = flags.output === undefined ? held.path : resolve(flags.output);
      const elapsedMs = Math.round(performance.now() - startedMs);
      const source = downloaded === undefined ? 'cache' : 'network';
      if (output.json) return output.data(`${toJson({ publicKey, name, path, source, tier: held.tier, ...fetched, ...(downloaded ?? { blocks: 0, fetched: 0 }), elapsedMs })}\n`);
      const what = downloaded === undefined ? `from the ${held.tier === 'local' ? '' : 'shared '}cache` : `in ${downloaded.blocks} blocks, ${downloaded.fetched} of them fetched`;
      output.note(`${fetched.entries} entries with ${formatByteSize(fetched.contentBytes)} ${what}, in ${(elapsedMs / 1000).toFixed(1)} s`);
      await output.data(`${path}\n`);
    });
}

/** A client that is opened when it is first needed: what is in the cache needs none. */
class LazyClient implements AsyncDisposable {
  readonly #open: () => Promise<Client & BulkClient>;
  #client: Promise<Client & BulkClient> | undefined;

  constructor(open: () => Promise<Client & BulkClient>) {
    this.#open = open;
  }

  open(): Promise<Client & BulkClient> {
    return (this.#client ??= this.#open());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whoever opened it was told why it could not be.
    const client = await this.#client?.catch(() => undefined);
    await client?.[Symbol.asyncDispose]();
  }
}

async function parseTarget(target: string, keyFile: string): Promise<{ publicKey: Uint8Array; name: string }> {
  const [, hex, foreignName] = /^([0-9a-fA-F]{64})\/(.*)$/s.exec(target) ?? [];
  const name = treeName(foreignName ?? target);
  return { publicKey: hex === undefined ? (await readKeyFile(keyFile)).publicKey : new Uint8Array(Buffer.from(hex, 'hex')), name };
}

function byteSize(text: string): number {
  const bytes = parseByteSize(text);
  if (bytes === undefined) throw new InvalidArgumentError('It must be a size, for example 512MiB or 4GB.');
  return bytes;
}
