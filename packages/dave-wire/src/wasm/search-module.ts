import { SEARCH_RELAXED, SEARCH_SIMD } from './generated.ts';
import { hashModule, type Search } from './hash-module.ts';
import { instantiate, webAssembly } from './webassembly.ts';

/** Which instructions a search uses: none but WebAssembly 1.0, 128-bit SIMD, or relaxed SIMD too. */
export type SearchVariant = 'scalar' | 'simd' | 'relaxed';

/** The SIMD searches take the third word and the count in multiples of this. */
export const SEARCH_STRIDE = 8;

// Modules of one function `() -> v128`: i8x16.splat, and i8x16.relaxed_swizzle of two of them.
const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10];
const PROBES: Record<Exclude<SearchVariant, 'scalar'>, readonly number[]> = {
  simd: [...HEADER, 8, 1, 6, 0, 0x41, 0, 0xfd, 0x0f, 0x0b],
  relaxed: [...HEADER, 15, 1, 13, 0, 0x41, 0, 0xfd, 0x0f, 0x41, 0, 0xfd, 0x0f, 0xfd, 0x80, 0x02, 0x0b],
};

const loaded = new Map<SearchVariant, Search>();
let fastest: Search | undefined;

/** Whether this host runs a variant. */
export function supportsSearch(variant: SearchVariant): boolean {
  return variant === 'scalar' || webAssembly().validate(Uint8Array.from(PROBES[variant]));
}

/** The search in one variant, which the host must support; instantiated at its first use. */
export function searchOf(variant: SearchVariant): Search {
  let search = loaded.get(variant);
  if (search === undefined) {
    search = load(variant);
    loaded.set(variant, search);
  }
  return search;
}

/** The fastest variant that this host runs. */
export function fastestVariant(): SearchVariant {
  return (['relaxed', 'simd'] as const).find(supportsSearch) ?? 'scalar';
}

/** The search in that variant. */
export function fastestSearch(): Search {
  fastest ??= searchOf(fastestVariant());
  return fastest;
}

function load(variant: SearchVariant): Search {
  const { memory, search } = hashModule();
  if (variant === 'scalar') return search;
  const module = instantiate(variant === 'simd' ? SEARCH_SIMD : SEARCH_RELAXED, { env: { memory } });
  return (module as { readonly search: Search }).search;
}
