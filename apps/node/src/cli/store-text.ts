import type { StoreReport, VerifyReport } from '../store/store-tasks.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes as a person reads them. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

const DURABLE: Readonly<Record<StoreReport['durable'], string>> = {
  no: 'survives nothing',
  'process-crash': 'survives a crash of the process',
  'power-loss': 'survives power loss',
};

export function renderStats({ engine, place, durable, fileBytes, records, recordBytes, memory, counters }: StoreReport): string {
  const lines = [
    `engine   ${engine}, ${place}; what is acknowledged ${DURABLE[durable]}`,
    `records  ${records}, ${sizeText(recordBytes)}${fileBytes === null ? '' : ` in a file of ${sizeText(fileBytes)}`}`,
  ];
  if (memory !== null) lines.push(`memory   ${memory.dats} dats, ${sizeText(memory.usedSpace)} of ${sizeText(memory.capacity)}`);
  if (counters !== null) {
    const rejected = Object.entries(counters.rejected).filter(([, count]) => count > 0);
    lines.push(
      `since it was opened  ${counters.puts.inserted} inserted, ${counters.puts.updated} updated, ${counters.puts.refreshed} refreshed, ${counters.gets.hit} read, ${counters.swept} swept${
        rejected.length === 0 ? '' : `; refused: ${rejected.map(([reason, count]) => `${reason} ${count}`).join(', ')}`
      }`,
    );
  }
  return `${lines.join('\n')}\n`;
}

export function renderVerify({ sound, records, damagedRows, miscounted, invalidDats, deep, damage, keptAt }: VerifyReport): string {
  const lines = [`${records} dats${deep ? ', with work and signatures' : ''}: ${sound ? 'all is sound' : 'damaged'}`];
  if (damagedRows > 0) lines.push(`${damagedRows} records whose checksum is wrong`);
  if (invalidDats > 0) lines.push(`${invalidDats} records that are no valid dats`);
  if (miscounted) lines.push('it said that it held more or less than it does: it has been counted anew');
  lines.push(...damage);
  if (keptAt !== null) lines.push(`what is intact was saved; the damaged file is ${keptAt}`);
  else if (damage.length > 0) lines.push('the next start of the node, or dave store verify --salvage, keeps what is intact');
  else if (damagedRows > 0) lines.push('they count as none until they are put again, the network has other copies; dave store verify --salvage on the stopped node takes them out');
  return `${lines.join('\n')}\n`;
}
