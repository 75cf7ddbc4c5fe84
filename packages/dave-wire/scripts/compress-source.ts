import { IV, RoundEmitter, type Dialect, type Word } from './round-emitter.ts';

/** One 32-bit word at a time. */
export const SCALAR: Dialect = {
  add: (a, b) => `${a} + ${b}`,
  xor: (a, b) => `${a} ^ ${b}`,
  rotateRight: (a, bits) => `rotr<u32>(${a}, ${bits})`,
};

/** AssemblyScript of BLAKE3's compression function, cut to the eight words of a chaining value. */
export function compressSource(): string {
  const emitter = new RoundEmitter(SCALAR, (name) => name);
  const word = (expression: string): Word => ({ kind: 'varying', name: expression });
  const message = Array.from({ length: 16 }, (_, index) => word(`load<u32>(block, ${4 * index})`));
  const chain = Array.from({ length: 8 }, (_, index) => emitter.varying(`load<u32>(chain, ${4 * index})`));
  const state = [...chain, ...IV.slice(0, 4).map((value) => word(`<u32>${value}`)), word('counter'), word('<u32>0'), word('length'), word('flags')];
  emitter.rounds([{ message, state }]);
  const stores = chain.map((_, index) => `store<u32>(target, ${emitter.operand(emitter.xor(state[index]!, state[index + 8]!))}, ${4 * index});`);
  return [
    'export function compress(chain: u32, block: u32, counter: u32, length: u32, flags: u32, target: u32): void {',
    ...emitter.body,
    ...stores,
    '}',
  ].join('\n');
}
