import { InvalidArgumentError } from 'commander';
import { nearestName } from '../config/nearest-name.ts';

/** A whole number between two bounds, for commander's argument parsers. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** One of a few words. */
export function oneOf(words: readonly string[]): (text: string) => string {
  return (text) => {
    if (words.includes(text)) return text;
    const meant = nearestName(text, words);
    throw new InvalidArgumentError(`It must be one of ${words.join(', ')}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`);
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** `500ms`, `10s`, `2m`, or plain seconds, in milliseconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
  const value = match === null ? Number.NaN : Math.round(Number(match[1]) * (UNIT_MS[match[2] ?? 's'] ?? 1000));
  if (!(value >= 1 && value <= 120_000)) throw new InvalidArgumentError('It must be a time from 1ms to 2m, for example 500ms or 10s.');
  return value;
}

/** Collects a flag that may be given several times. */
export function collect(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}
