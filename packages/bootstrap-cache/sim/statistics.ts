/** Two-sided 95 % quantiles of Student's t by degrees of freedom, then of the normal distribution. */
const T95 = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1, 2.09, 2.09, 2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05, 2.04];

/** The mean and half the width of its 95 % confidence interval. */
export function interval(values: readonly number[]): { mean: number; halfWidth: number } {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count < 2) return { mean, halfWidth: Number.NaN };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { mean, halfWidth: (T95[count - 2] ?? 1.96) * Math.sqrt(variance / count) };
}

/** The ratio of two means over the same seeds, its interval by the delta method for paired samples. */
export function ratioInterval(values: readonly number[], bases: readonly number[]): { ratio: number; low: number; high: number } {
  const base = interval(bases).mean;
  const ratio = interval(values).mean / base;
  const { halfWidth } = interval(values.map((value, index) => (value - ratio * bases[index]!) / base));
  return { ratio, low: ratio - halfWidth, high: ratio + halfWidth };
}
