/** Index of the last item that starts at or before `position`; the items ascend and the first starts at 0. */
export function indexAtOrBefore(items: readonly { readonly start: number }[], position: number): number {
  let low = 0;
  let high = items.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (items[middle]!.start <= position) low = middle;
    else high = middle;
  }
  return low;
}
