/** The part of the WebAssembly API that is used here; declared, because it comes from no ES library. */
export interface WebAssemblyApi {
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: Record<string, Record<string, unknown>>) => { readonly exports: unknown };
}

/** The host's WebAssembly. Throws an `Error` that says what to do where it is switched off. */
export function webAssembly(): WebAssemblyApi {
  const api = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
  if (api === undefined) throw new Error('WebAssembly is not available. Enable it: hashing and proof-of-work need it.');
  return api;
}

/** Compiles and instantiates a module embedded as hexadecimal digits, synchronously. */
export function instantiate(hex: string, imports?: Record<string, Record<string, unknown>>): unknown {
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index++) bytes[index] = Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16);
  const { Module, Instance } = webAssembly();
  return new Instance(new Module(bytes), imports).exports;
}
