import { Command } from 'commander';
import { statusOf } from '../../control/status.ts';
import { DemoNetwork } from '../../demo/demo-network.ts';
import { DEMO_KEY, tellStory, type StoryStep } from '../../demo/story.ts';
import { contextOf, type Invocation } from '../context.ts';
import { toJson, type Output } from '../output.ts';
import { ownCommand } from '../own-command.ts';
import { redrawer } from '../redraw.ts';
import { untilAborted } from '../until-aborted.ts';
import { wholeNumber } from '../values.ts';
import { renderStatus } from './status.ts';

interface DemoFlags {
  nodes: number;
  once?: boolean;
}

const REFRESH_MS = 2000;

export function demoCommand(invocation: Invocation): Command {
  return new Command('demo')
    .description('a network of nodes on loopback that stores, loses and repairs a value, narrated')
    // Five replicas of which two are killed, two to repair to, and one that reads.
    .option('-n, --nodes <count>', 'nodes in this process', wholeNumber(8, 32), 8)
    .option('--once', 'exit after the story; 0 only if every step held')
    .action(async (flags: DemoFlags, command: Command) => {
      const { output, signal } = contextOf(command, invocation);
      const startedMs = Date.now();
      output.note(`dave demo: ${flags.nodes} nodes in one process, real sockets, real signatures\n`);
      const openedMs = performance.now();
      await using network = await DemoNetwork.open(flags.nodes, signal);
      output.note(`   opened ${flags.nodes} nodes in ${(performance.now() - openedMs).toFixed(0)} ms`);
      const steps: StoryStep[] = [];
      const story = tellStory(network, signal);
      let told = await story.next();
      for (; told.done !== true; told = await story.next()) {
        const step = told.value;
        steps.push(step);
        output.note(` ${String(steps.length)} ${step.name.padEnd(10)} ${`${step.elapsedMs.toFixed(1)} ms`.padStart(12)}   ${step.detail}`);
      }
      const elapsedMs = Date.now() - startedMs;
      output.note(`\nevery step held, ${(elapsedMs / 1000).toFixed(1)} s in all`);
      if (output.json) await output.data(`${toJson({ ok: true, nodes: flags.nodes, elapsedMs, steps, author: told.value, edge: network.edge })}\n`);
      if (flags.once !== true) await stayUp(network, told.value, startedMs, output, signal);
    });
}

/** Keeps the network running, shows how it is and how to join it. */
async function stayUp(network: DemoNetwork, author: Uint8Array, startedMs: number, output: Output, signal: AbortSignal): Promise<void> {
  const dave = ownCommand(process);
  output.note(
    [
      '\nthe network stays up until Ctrl-C; from another terminal,',
      `  read the value   ${dave} get ${Buffer.from(author).toString('hex')}/${DEMO_KEY} --edge ${network.edge}`,
      `  write another    ${dave} put hello world --edge ${network.edge}`,
      `  add a node       ${dave} up --listen '[::]:0' --edge ${network.edge}\n`,
    ].join('\n'),
  );
  // On a terminal the picture is drawn again in place; elsewhere it would only fill a log.
  const draw = redrawer(() => process.stderr);
  const show = (): void => {
    const [first] = network.live;
    if (first !== undefined && output.interactive) output.note(draw(renderStatus(statusOf(first, startedMs))));
  };
  show();
  const timer = setInterval(show, REFRESH_MS);
  await untilAborted(signal);
  clearInterval(timer);
  output.note('stopping');
}
