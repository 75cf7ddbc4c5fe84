import { parentPort, workerData } from 'node:worker_threads';
import { setFault } from '../faults.ts';
import { emptyTrash } from '../store/trash.ts';
import { removeTree } from '../tree/remove-tree.ts';
import { syncFileSystem } from '../tree/sync-tree.ts';
import { verifyTree } from '../tree/verify-tree.ts';
import { CopyJobs, moveIn, syncContainer } from './copy-jobs.ts';
import { toFailure } from './failures.ts';
import type { Message, OperationName, Operations, Request, ThreadData } from './protocol.ts';
import { StoreService } from './store-service.ts';

if (parentPort === null) throw new Error('This file is a worker: start it with new Worker().');
const port = parentPort;
setFault((workerData as ThreadData).fault);

type Answer<R> = [R] extends [undefined] ? void | Promise<void> : R | Promise<R>;
type Handlers = { [K in OperationName]: (args: Operations[K][0]) => Answer<Operations[K][1]> };

const post = (message: Message): void => port.postMessage(message);
const jobs = new CopyJobs();
const service = new StoreService({
  onTrash: () => post({ trash: true }),
  onBackgroundError: (error) => post({ background: toFailure(error, 'in the background') }),
});

const handlers: Handlers = {
  open: (args) => service.open(args),
  get: ({ hash, checks }) => service.store.get(hash, checks),
  release: ({ tree }) => service.store.release(tree),
  newContainer: ({ hash }) => service.store.newContainer(hash),
  newBuild: () => service.store.newBuild(),
  place: (args) => service.place(args),
  point: (args) => service.point(args),
  leave: ({ hash, tree }) => service.store.leavePublication(hash, tree, false),
  discardContainer: ({ container }) => service.discardContainer(container),
  invalidate: ({ hash }) => service.invalidate(hash),
  pin: ({ hash, key }) => service.store.entries.pin(hash, key),
  unpin: ({ hash }) => service.store.entries.unpin(hash),
  list: ({ from, to }) => service.store.entries.list(from, to),
  prune: ({ options }) => service.prune(options),
  setAside: async ({ hash, tree, problem }) => {
    await service.store.setAside(hash, tree, problem);
  },
  sweep: () => service.sweep(),
  lockBuild: ({ hash }) => service.lockBuild(hash),
  unlockBuild: ({ lock }) => service.unlockBuild(lock),
  settle: async () => await service.settle(),
  close: async () => await service.close(),
  copy: ({ job, options, tasks }) => jobs.copy(job, options, tasks, (shared) => post({ share: { job, tasks: shared } })),
  recheck: ({ job }) => jobs.recheck(job),
  collect: ({ job }) => jobs.collect(job),
  finish: ({ job, parts, target, container }) => jobs.finish(job, parts, target, container),
  moveIn: ({ source, container }) => moveIn(source, container),
  syncFileSystem: ({ directory }) => syncFileSystem(directory),
  sync: ({ container, mode }) => syncContainer(container, mode),
  fill: ({ job }) => jobs.fill(job),
  drop: ({ job }) => jobs.drop(job),
  verify: ({ container, tree, mode, xattrs }) => verifyTree(container, tree, mode, xattrs, () => Math.random()),
  remove: ({ path }) => removeTree(path),
  emptyTrash: ({ root }) => emptyTrash(root),
};

port.on('message', ({ id, name, args }: Request) => {
  const run = async (): Promise<unknown> => await (handlers[name] as (args: unknown) => unknown)(args);
  run().then(
    (result) => post({ id, result }),
    (error: unknown) => post({ id, failure: toFailure(error, name) }),
  );
});
