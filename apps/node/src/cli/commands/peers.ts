import { Command } from 'commander';
import { createLogger } from '../../compose.ts';
import { askDaemon } from '../../control/ask-daemon.ts';
import { controlSocketPath, isServed } from '../../control/control-socket.ts';
import { openPeerMemory } from '../../remembered/peer-memory.ts';
import { rememberedPeers, renderRememberedPeers, type RememberedPeer } from '../../remembered/remembered-peers.ts';
import { contextOf, type Invocation } from '../context.ts';
import { toJson } from '../output.ts';

const ANSWER_MS = 5000;

export function peersCommand(invocation: Invocation): Command {
  const peers = new Command('peers').description('the peers that are remembered across restarts');
  peers
    .command('ls')
    .description('who is remembered, how gladly each is tried first, and why')
    .action(async (_flags: unknown, command: Command) => {
      const { output, signal, config: load } = contextOf(command, invocation);
      const { dataDir, logLevel } = await load();
      const socketPath = controlSocketPath(dataDir);
      // A running daemon knows more than it has saved.
      const list = (await isServed(socketPath))
        ? ((await askDaemon(socketPath, { method: 'GET', path: '/v1/remembered-peers', timeoutMs: ANSWER_MS, signal })) as RememberedPeer[])
        : rememberedPeers(await openPeerMemory(dataDir, createLogger(logLevel)));
      await output.data(output.json ? `${toJson(list)}\n` : renderRememberedPeers(list));
    });
  return peers;
}
