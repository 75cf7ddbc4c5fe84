import { parentPort } from 'node:worker_threads';
import { answerRequest, type WorkRequest } from './work-pool.ts';

if (parentPort === null) throw new Error('This file is a worker: start it with new Worker().');
const port = parentPort;
port.on('message', (request: WorkRequest) => port.postMessage(answerRequest(request)));
