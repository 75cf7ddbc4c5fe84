/** A piece of text that is replaced; by nothing to remove it. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Those that lie in no other one. Of two for the same piece the first counts. */
function outermost(edits: readonly Edit[]): Edit[] {
  const kept: Edit[] = [];
  for (const edit of edits.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = kept.at(-1);
    if (last === undefined || edit.start >= last.end) kept.push(edit);
  }
  return kept;
}

/** Makes them all at once. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let position = 0;
  for (const edit of outermost(edits)) {
    result += text.slice(position, edit.start) + edit.text;
    position = edit.end;
  }
  return result + text.slice(position);
}

/** Whether an offset lies in a piece that is taken away. */
export function isRemoved(edits: readonly Edit[], offset: number): boolean {
  return edits.some((edit) => edit.start <= offset && offset < edit.end);
}
