import { answerRequest, type WorkReply, type WorkRequest } from './work-pool.ts';

declare const self: {
  addEventListener(type: 'message', listener: (event: { readonly data: WorkRequest }) => void): void;
  postMessage(reply: WorkReply): void;
};

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows have one
self.addEventListener('message', ({ data }) => self.postMessage(answerRequest(data)));
