import { stripVTControlCharacters } from 'node:util';

/** Of a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80;

/** The size of a terminal, as far as it tells. */
export interface TerminalSize {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/**
 * Text for a terminal that replaces the one before, and leaves what stands above it alone. What has no
 * room on the screen is left out: a cursor cannot go back above it, and each picture would leave lines behind.
 */
export function redrawer(size: () => TerminalSize): (text: string) => string {
  let rows = 0;
  return (text) => {
    const before = rows === 0 ? '' : `\u001B[${rows}A\r\u001B[J`;
    const { columns, rows: screenRows } = size();
    const shown = fitting(text.split('\n'), columns || USUAL_COLUMNS, screenRows === undefined ? Infinity : Math.max(1, screenRows - 1));
    rows = shown.rows;
    return `${before}${shown.lines.join('\n')}`;
  };
}

function fitting(lines: readonly string[], columns: number, most: number): { lines: string[]; rows: number } {
  const rowsOf = (line: string): number => Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns));
  let rows = lines.reduce((sum, line) => sum + rowsOf(line), 0);
  if (rows <= most) return { lines: [...lines], rows };
  const kept = [...lines];
  const note = (): string => `… ${lines.length - kept.length} more lines`;
  while (kept.length > 0 && rows + rowsOf(note()) > most) rows -= rowsOf(kept.pop()!);
  return { lines: [...kept, note()], rows: rows + rowsOf(note()) };
}
