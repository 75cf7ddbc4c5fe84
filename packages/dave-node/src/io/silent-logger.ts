import type { Logger } from '../env.ts';

const ignore = (): void => {};

/** Says nothing: the default of an embedded node. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
