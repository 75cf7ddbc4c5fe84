import { stripVTControlCharacters } from 'node:util';

/** Text for a terminal that replaces the one before, and leaves what stands above it alone. */
export function redrawer(columns: () => number): (text: string) => string {
  let rows = 0;
  return (text) => {
    const before = rows === 0 ? '' : `\u001B[${rows}A\r\u001B[J`;
    const width = Math.max(1, columns());
    rows = text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(stripVTControlCharacters(line).length / width)), 0);
    return `${before}${text}`;
  };
}
