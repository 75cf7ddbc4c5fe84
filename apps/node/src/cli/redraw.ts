import { stripVTControlCharacters } from 'node:util';

/** Of a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80;

/** Text for a terminal that replaces the one before, and leaves what stands above it alone. */
export function redrawer(columns: () => number | undefined): (text: string) => string {
  let rows = 0;
  return (text) => {
    const before = rows === 0 ? '' : `\u001B[${rows}A\r\u001B[J`;
    const width = columns() || USUAL_COLUMNS;
    rows = text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(stripVTControlCharacters(line).length / width)), 0);
    return `${before}${text}`;
  };
}
