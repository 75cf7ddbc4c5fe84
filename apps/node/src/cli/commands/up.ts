import { formatAddrPort } from '@p2p/dave-wire';
import { Command } from 'commander';
import { composeNode, createLogger } from '../../compose.ts';
import { idToHex } from '../../control/dat-json.ts';
import { controlSocketPath, serveControl } from '../../control/server.ts';
import { readOrCreateKeyFile } from '../../key/key-file.ts';
import { contextOf } from '../context.ts';
import { toJson } from '../output.ts';
import { untilAborted } from '../until-aborted.ts';

export function upCommand(signal: AbortSignal): Command {
  return new Command('up').description('run a node until it is interrupted').action(async (_flags: unknown, command: Command) => {
    const { output, config: load } = contextOf(command, signal);
    const config = await load();
    const { keyPair, created } = await readOrCreateKeyFile(config.keyFile);
    if (created) output.note(`created the key file ${config.keyFile}`);
    const logger = createLogger(config.logLevel);
    await using node = await composeNode(config, keyPair, { mode: 'peer', signal, logger });
    const socketPath = controlSocketPath(config.dataDir);
    await using control = await serveControl(node, socketPath);
    void control;
    const publicKey = Buffer.from(node.publicKey).toString('hex');
    const listen = formatAddrPort(node.listenAddress);
    if (output.json) await output.data(`${toJson({ event: 'listening', id: idToHex(node.id), publicKey, listen, control: socketPath })}\n`);
    else output.note(`listening on ${listen} as ${idToHex(node.id)}\nothers join with: dave up --edge ${publicKey}@<this host>:${node.listenAddress.port}`);
    node.on('peer-active', ({ peer }) => logger.info('peer active', { peer: idToHex(peer.id), address: peer.addressKey }), { signal });
    node.on('peer-inactive', ({ peer }) => logger.info('peer inactive', { peer: idToHex(peer.id), address: peer.addressKey }), { signal });
    node.on('address-learned', ({ address }) => logger.info('address learned', { address: formatAddrPort(address) }), { signal });
    node.on('error', ({ error }) => logger.error('background failure', { error: error.message }), { signal });
    await untilAborted(signal);
    output.note('stopping');
  });
}
