/** The part of `fs-native-extensions` that is used: locks that the kernel drops when their owner dies. */
export interface OsLocks {
  tryLock(fd: number): boolean;
  unlock(fd: number): void;
}

let loading: Promise<OsLocks | undefined> | undefined;

/** The native package if it is installed and works here, else undefined. Loaded once. */
export function loadOsLocks(): Promise<OsLocks | undefined> {
  loading ??= load();
  return loading;
}

async function load(): Promise<OsLocks | undefined> {
  try {
    const name = 'fs-native-extensions';
    const found = (await import(name)) as { default?: Partial<OsLocks> } & Partial<OsLocks>;
    const { tryLock, unlock } = found.default ?? found;
    return tryLock === undefined || unlock === undefined ? undefined : { tryLock, unlock };
  } catch {
    // Optional: the lease alone is enough, it only takes longer to see that an owner has died.
    return undefined;
  }
}
