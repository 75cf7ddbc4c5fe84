/** The part that is measured; the package has no types of its own. */
declare module 'cacache' {
  const cacache: { put(cache: string, key: string, data: Uint8Array): Promise<unknown> };
  export default cacache;
}
