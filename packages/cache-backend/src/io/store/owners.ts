import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { OWNER_ID, type OwnerRecord, parseOwner } from '../../owner-record.ts';
import { fsPath, showPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import type { Layout } from './layout.ts';
import { readPlain } from './plain-file.ts';

/** With lease files only: a living owner renews its record this often, … */
const HEARTBEAT_MS = 2_000;
/** … and one that was watched for so long without being renewed is dead. */
const EXPIRES_MS = 30_000;
/** Unix sockets have short names. */
const MAX_SOCKET_PATH = 100;
const ABANDONED_MS = 3_600_000;

/**
 * Who works in a cache directory. Every instance has a directory `leases/<id>` with its record and a Unix socket on which
 * it listens: the kernel closes that with the process, so whether an owner lives can be told from other containers too.
 */
export class Owners {
  readonly self: OwnerRecord;
  readonly #layout: Layout;
  readonly #heartbeats: boolean;
  readonly #watched = new Map<string, { mtimeMs: number; sinceMs: number }>();
  #server: Server | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param heartbeats The directory may be shared with other machines. */
  constructor(layout: Layout, heartbeats: boolean) {
    this.#layout = layout;
    this.#heartbeats = heartbeats;
    this.self = {
      id: `${process.pid}-${randomBytes(8).toString('hex')}`,
      pid: process.pid,
      machine: machineId(),
      pidSpace: readOrEmpty(() => fs.readlinkSync('/proc/self/ns/pid')),
      startedAt: startTimeOf('self'),
    };
  }

  /** Makes this instance known. Its directory appears with the record in it. */
  async register(): Promise<void> {
    const draft = this.#layout.at('leases', `new-${this.self.id}`);
    try {
      fs.mkdirSync(fsPath(draft), { mode: 0o700 });
      fs.writeFileSync(fsPath(`${draft}/owner.json`), JSON.stringify(this.self));
      await this.#listen(`${draft}/socket`);
      fs.renameSync(fsPath(draft), fsPath(this.directory));
      fs.mkdirSync(fsPath(this.#layout.at('tmp', this.self.id)), { mode: 0o700 });
    } catch (error) {
      await this.close();
      for (const path of [draft, this.directory]) fs.rmSync(fsPath(path), { recursive: true, force: true });
      throw error;
    }
    if (!this.#heartbeats) return;
    this.#timer = setInterval(() => {
      const now = Date.now() / 1000;
      // A renewal that fails lets the leases run out, as if the process had died.
      fs.lutimes(fsPath(`${this.directory}/owner.json`), now, now, () => {});
    }, HEARTBEAT_MS);
    this.#timer.unref();
  }

  get directory(): string {
    return this.#layout.at('leases', this.self.id);
  }

  /** All owners that have a directory, this one included, and drafts that were abandoned. */
  list(): { ids: string[]; abandoned: string[] } {
    const names = fs.readdirSync(fsPath(this.#layout.at('leases')), { encoding: 'latin1' });
    const abandoned = names.filter((name) => {
      if (!name.startsWith('new-')) return false;
      const stat = fs.lstatSync(fsPath(this.#layout.at('leases', name)), { throwIfNoEntry: false });
      return stat !== undefined && Date.now() - stat.mtimeMs > ABANDONED_MS;
    });
    return { ids: names.filter((name) => OWNER_ID.test(name)), abandoned };
  }

  /** True when an owner certainly is no more. */
  async isDead(id: string): Promise<boolean> {
    if (id === this.self.id) return false;
    const path = this.#layout.at('leases', id, 'owner.json');
    let owner: OwnerRecord | undefined;
    let mtimeMs = 0;
    try {
      const text = readPlain(path, 'utf8');
      // It closed, or was reclaimed.
      if (text === undefined) return true;
      owner = parseOwner(text);
      mtimeMs = fs.lstatSync(fsPath(path)).mtimeMs;
    } catch (error) {
      const code = errnoOf(error);
      // As above, between the two; or no owner at all, but a file in place of its directory.
      if (code === 'ENOENT' || code === 'ENOTDIR') return true;
      throw error;
    }
    // Records appear whole and never change: this one was damaged. Its socket tells.
    if (owner === undefined) return !(await this.#answers(id));
    if (owner.machine !== this.self.machine) return this.#heartbeats ? this.#isExpired(id, mtimeMs) : true;
    if (owner.pidSpace === this.self.pidSpace) return isProcessGone(owner);
    return !(await this.#answers(id));
  }

  #isExpired(id: string, mtimeMs: number): boolean {
    const watched = this.#watched.get(id);
    if (watched === undefined || watched.mtimeMs !== mtimeMs) {
      this.#watched.set(id, { mtimeMs, sinceMs: performance.now() });
      return false;
    }
    // On our own clock: those of two machines may differ by more than that.
    return performance.now() - watched.sinceMs > EXPIRES_MS;
  }

  async #listen(path: string): Promise<void> {
    await withShortPath(path, async (short) => {
      if (short === undefined) return;
      const server = createServer((socket) => socket.destroy());
      try {
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject);
          server.listen(short, resolve);
        });
        server.unref();
        this.#server = server;
      } catch {
        // No sockets on this file system: processes of other pid namespaces then count as dead only when they left.
        server.close();
      }
    });
  }

  async #answers(id: string): Promise<boolean> {
    return await withShortPath(this.#layout.at('leases', id, 'socket'), async (short) => {
      if (short === undefined) return true;
      return await new Promise<boolean>((resolve) => {
        const socket = connect(short);
        socket.once('connect', () => {
          socket.destroy();
          resolve(true);
        });
        socket.once('error', (error) => {
          // Refused: nobody listens any more. Anything else leaves it open.
          resolve(errnoOf(error) !== 'ECONNREFUSED');
        });
      });
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }
}

/** A path to a socket that is short enough, or undefined. */
async function withShortPath<T>(path: string, fn: (path: string | undefined) => Promise<T>): Promise<T> {
  const text = showPath(path);
  if (process.platform !== 'linux') return await fn(Buffer.byteLength(text) > MAX_SOCKET_PATH ? undefined : text);
  const slash = path.lastIndexOf('/');
  let fd: number;
  try {
    fd = fs.openSync(fsPath(path.slice(0, slash)), 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return await fn(text.length > MAX_SOCKET_PATH ? undefined : text);
    throw error;
  }
  try {
    return await fn(`/proc/self/fd/${fd}/${path.slice(slash + 1)}`);
  } finally {
    fs.closeSync(fd);
  }
}

function isProcessGone(owner: OwnerRecord): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return errnoOf(error) === 'ESRCH';
  }
  const startedAt = startTimeOf(owner.pid);
  return owner.startedAt !== '' && startedAt !== '' && startedAt !== owner.startedAt;
}

function machineId(): string {
  const boot = readOrEmpty(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  return boot === '' ? `host:${hostname()}` : `boot:${boot}`;
}

/** Clock ticks after boot at which a process began (field 22 of proc(5) stat); empty where the system does not say. A zombie counts as gone. */
function startTimeOf(pid: number | 'self'): string {
  return readOrEmpty(() => {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'gone' : (fields[19] ?? '');
  });
}

/** Linux only: other systems lack these files. */
function readOrEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
