import { Command } from 'commander';
import { formatByteSize } from '../../config/byte-size.ts';
import { askDaemon } from '../../control/ask-daemon.ts';
import { controlSocketPath, isServed } from '../../control/control-socket.ts';
import type { Status } from '../../control/status.ts';
import { AppError } from '../app-error.ts';
import { contextOf, type Invocation } from '../context.ts';
import { toJson } from '../output.ts';

/** Between two looks of `--watch`. */
const WATCH_MS = 1000;
/** A daemon that takes longer to say how it is does not work. */
const ANSWER_MS = 5000;

export function statusCommand(invocation: Invocation): Command {
  return new Command('status')
    .description('what a running daemon is doing')
    .option('--watch', 'again every second until interrupted')
    .action(async (flags: { watch?: boolean }, command: Command) => {
      const { output, signal, config: load } = contextOf(command, invocation);
      const { dataDir } = await load();
      const socketPath = controlSocketPath(dataDir);
      if (!(await isServed(socketPath))) {
        throw new AppError('APP_DAEMON_UNREACHABLE', `no daemon runs on ${dataDir}; start one with: dave up --data-dir ${dataDir}`);
      }
      for (;;) {
        const status = (await askDaemon(socketPath, { method: 'GET', path: '/v1/status', timeoutMs: ANSWER_MS, signal })) as Status;
        if (output.json) await output.data(`${toJson(status)}\n`);
        else await output.data(`${flags.watch === true && process.stdout.isTTY ? '\u001B[2J\u001B[H' : ''}${renderStatus(status)}`);
        if (flags.watch !== true) return;
        await pause(signal);
      }
    });
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, WATCH_MS);
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** The status as a person reads it. */
export function renderStatus(status: Status): string {
  const lines = [
    `peer id     ${status.id}`,
    `public key  ${status.publicKey}`,
    `listening   ${status.listen}${status.address === null ? '' : `  (others see ${status.address})`}`,
    `up          ${formatUptime(status.uptimeMs)} as ${status.mode}`,
    `store       ${status.entries} dats, ${formatByteSize(status.usedSpace)} of ${formatByteSize(status.capacity)}`,
    `network     claims ${formatByteSize(status.network.usedSpace)} of ${formatByteSize(status.network.capacity)}`,
    `peers       ${status.activePeers} active of ${status.peers.length}`,
    ...status.peers.map((peer) =>
      [
        `  ${peer.id ?? '(unproven)      '}`,
        peer.state.padEnd(8),
        peer.rttMs === null ? '      –' : `${peer.rttMs.toFixed(2).padStart(7)} ms`,
        peer.address,
        peer.edge ? 'edge' : '',
        peer.client ? 'client' : '',
      ].join('  ').trimEnd(),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function formatUptime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts: [number, string][] = [[Math.floor(seconds / 86_400), 'd'], [Math.floor(seconds / 3600) % 24, 'h'], [Math.floor(seconds / 60) % 60, 'm'], [seconds % 60, 's']];
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts.slice(first === -1 ? 3 : first).map(([amount, unit]) => `${amount}${unit}`).join(' ');
}
