import { formatAddrPort } from '@p2p/dave-wire';
import { Command } from 'commander';
import { composeNode, createLogger, openRecords } from '../../compose.ts';
import { assertNotServed, controlSocketPath } from '../../control/control-socket.ts';
import { idToHex } from '../../control/dat-json.ts';
import { serveControl } from '../../control/serve-control.ts';
import { readOrCreateKeyFile } from '../../key/key-file.ts';
import { hintsOf, openPeerMemory } from '../../remembered/peer-memory.ts';
import { LiveStore } from '../../store/live-store.ts';
import { contextOf, type Invocation } from '../context.ts';
import { toJson } from '../output.ts';
import { untilAborted } from '../until-aborted.ts';

export function upCommand(invocation: Invocation): Command {
  return new Command('up').description('run a node until it is interrupted').action(async (_flags: unknown, command: Command) => {
    const { output, signal, config: load } = contextOf(command, invocation);
    const config = await load();
    const socketPath = controlSocketPath(config.dataDir);
    // Asked before ports are bound, where the answer would be that a port is in use.
    await assertNotServed(socketPath);
    const { keyPair, created } = await readOrCreateKeyFile(config.keyFile);
    if (created) output.note(`created the key file ${config.keyFile}`);
    const logger = createLogger(config.logLevel);
    // Closed after the node, so that the last outcomes are remembered too.
    await using memory = await openPeerMemory(config.dataDir, logger);
    memory.startMaintenance();
    // Closed after the node as well, which writes what it still has.
    await using records = await openRecords(config, keyPair, logger);
    await using node = await composeNode(config, { keyPair, mode: 'peer', peerHints: hintsOf(memory), records: records.store, signal, logger });
    // Before anything else is awaited: an edge answers within milliseconds.
    node.on('peer-active', ({ peer }) => logger.info('peer active', { peer: idToHex(peer.id), address: peer.addressKey }), { signal });
    node.on('peer-inactive', ({ peer }) => logger.info('peer inactive', { peer: idToHex(peer.id), address: peer.addressKey }), { signal });
    node.on('address-learned', ({ address }) => logger.info('address learned', { address: formatAddrPort(address) }), { signal });
    await using control = await serveControl(node, memory, socketPath, new LiveStore(node, records));
    void control;
    const publicKey = Buffer.from(node.publicKey).toString('hex');
    const listen = formatAddrPort(node.listenAddress);
    if (output.json) await output.data(`${toJson({ event: 'listening', id: idToHex(node.id), publicKey, listen, control: socketPath })}\n`);
    else output.note(`listening on ${listen} as ${idToHex(node.id)}\nothers join with: dave up --edge ${publicKey}@<this host>:${node.listenAddress.port}`);
    await untilAborted(signal);
    output.note('stopping');
  });
}
