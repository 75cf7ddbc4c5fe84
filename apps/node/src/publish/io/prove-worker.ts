import { parentPort, workerData } from 'node:worker_threads';
import { answerProveRequest, type ProveRequest } from './prove-drafts.ts';

const { privateKey, difficulty } = workerData as { privateKey: Uint8Array; difficulty: number };

parentPort?.on('message', (request: ProveRequest) => {
  void answerProveRequest(request, { privateKey, difficulty }).then((reply) => parentPort?.postMessage(reply, [reply.dats.buffer as ArrayBuffer]));
});
