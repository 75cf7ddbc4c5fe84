/** Quantile 0.9999 of the chi-squared distribution (Wilson and Hilferty's approximation): a right sampler exceeds it once in 10 000 seeds. */
function limit(degrees: number): number {
  const z = 3.719;
  return degrees * (1 - 2 / (9 * degrees) + z * Math.sqrt(2 / (9 * degrees))) ** 3;
}

/** Pearson's statistic over its limit: below 1 the counts fit the expected frequencies. */
export function chiSquaredRatio(counts: readonly number[], expected: readonly number[]): number {
  let statistic = 0;
  for (const [index, count] of counts.entries()) statistic += (count - expected[index]!) ** 2 / expected[index]!;
  return statistic / limit(counts.length - 1);
}
