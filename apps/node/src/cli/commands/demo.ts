import { Command } from 'commander';
import { statusOf } from '../../control/status.ts';
import { DemoNetwork } from '../../demo/demo-network.ts';
import { tellStory, type StoryStep } from '../../demo/story.ts';
import { contextOf } from '../context.ts';
import { toJson, type Output } from '../output.ts';
import { wholeNumber } from '../values.ts';
import { renderStatus } from './status.ts';

interface DemoFlags {
  nodes: number;
  once?: boolean;
}

const REFRESH_MS = 2000;

export function demoCommand(signal: AbortSignal): Command {
  return new Command('demo')
    .description('a network of nodes on loopback that stores, loses and repairs a value, narrated')
    // Five replicas of which two are killed, two to repair to, and one that reads.
    .option('-n, --nodes <count>', 'nodes in this process', wholeNumber(8, 32), 8)
    .option('--once', 'exit after the story; 0 only if every step held')
    .action(async (flags: DemoFlags, command: Command) => {
      const { output } = contextOf(command, signal);
      const startedMs = Date.now();
      output.note(`dave demo: ${flags.nodes} nodes in one process, real sockets, real signatures\n`);
      const openedMs = performance.now();
      await using network = await DemoNetwork.open(flags.nodes, signal);
      output.note(`   opened ${flags.nodes} nodes in ${(performance.now() - openedMs).toFixed(0)} ms`);
      const steps: StoryStep[] = [];
      for await (const step of tellStory(network, signal)) {
        steps.push(step);
        output.note(` ${String(steps.length)} ${step.name.padEnd(10)} ${`${step.elapsedMs.toFixed(1)} ms`.padStart(12)}   ${step.detail}`);
      }
      const elapsedMs = Date.now() - startedMs;
      output.note(`\nevery step held, ${(elapsedMs / 1000).toFixed(1)} s in all`);
      if (output.json) await output.data(`${toJson({ ok: true, elapsedMs, steps })}\n`);
      if (flags.once !== true) await stayUp(network, startedMs, output, signal);
    });
}

/** Keeps the network running, shows how it is and how to join it. */
async function stayUp(network: DemoNetwork, startedMs: number, output: Output, signal: AbortSignal): Promise<void> {
  const joining = `join it from another terminal:   dave up --listen '[::]:0' --edge ${network.edge}\nstop it with Ctrl-C`;
  output.note(`\nthe network stays up; ${joining}\n`);
  const first = network.live[0];
  if (first === undefined) return;
  await new Promise<void>((resolve) => {
    // On a terminal the picture is drawn again in place; elsewhere it would only fill a log.
    const show = (): void => {
      if (output.interactive) output.note(`\u001B[2J\u001B[H${renderStatus(statusOf(first, startedMs))}\n${joining}`);
    };
    const timer = setInterval(show, REFRESH_MS);
    const stop = (): void => {
      clearInterval(timer);
      resolve();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  output.note('stopping');
}
