export interface ChartGroup {
  readonly scenario: string;
  readonly bars: readonly { readonly name: string; readonly mean: number; readonly low: number; readonly high: number }[];
}

const WIDTH = 760;
const LABEL_WIDTH = 230;
const ROW_HEIGHT = 24;
const COLOURS = { ours: '#2563eb', other: '#9ca3af' };

/** Horizontal bars with whiskers, one block with a scale of its own per scenario, readable on light and dark pages. Bars of chance alone run off the edge. */
export function drawChart(groups: readonly ChartGroup[], caption: string): string {
  const body: string[] = [];
  let y = 44;
  for (const { scenario, bars } of groups) {
    body.push(text(12, y, scenario, 'font-weight="bold"'));
    y += 12;
    const ends = bars.filter(({ name }) => name !== 'random').map(({ high, mean }) => (Number.isNaN(high) ? mean : high));
    const largest = Math.max(...ends);
    const scale = (WIDTH - LABEL_WIDTH - 60) / largest;
    for (const { name, mean, low, high } of bars) {
      const isCut = mean > largest;
      const middle = y + ROW_HEIGHT / 2;
      body.push(text(LABEL_WIDTH - 8, middle + 4, name, 'text-anchor="end"'));
      body.push(`<rect x="${LABEL_WIDTH}" y="${y + 4}" width="${fixed(Math.min(mean, largest) * scale)}" height="${ROW_HEIGHT - 8}" fill="${/^ant-quic|oracle|random|informed/.test(name) ? COLOURS.other : COLOURS.ours}"/>`);
      if (!Number.isNaN(low) && !isCut) body.push(`<path d="M${fixed(LABEL_WIDTH + Math.max(0, low) * scale)} ${middle}H${fixed(LABEL_WIDTH + high * scale)}" stroke="#111827" stroke-width="2"/>`);
      body.push(text(LABEL_WIDTH + Math.min(largest, Math.max(mean, Number.isNaN(high) ? 0 : high)) * scale + 6, middle + 4, `${isCut ? '→ ' : ''}${mean.toFixed(2)}`, ''));
      y += ROW_HEIGHT;
    }
    y += 28;
  }
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="system-ui, sans-serif" font-size="12">`;
  const title = text(12, 20, `Failed dials before 8 connections per start, 30 days (${caption})`, 'font-size="13"');
  return `${head}\n<rect width="100%" height="100%" fill="#ffffff"/>\n${title}\n${body.join('\n')}\n</svg>\n`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" fill="#111827" ${attributes}>${content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}
