import type { BlockId } from '../core/block.ts';
import type { ContentPlan } from '../core/content-planner.ts';
import { SET_ID_BITS } from '../core/manifest-format.ts';
import { planManifest, type ManifestPlan } from '../core/manifest-pages.ts';
import { withExtents, type SourceEntry } from '../core/source-tree.ts';
import { SourceReader } from './source-reader.ts';
import { walkTree, type WalkedTree } from './walk-tree.ts';

/** What a tree is published as: its blocks, and the pages and the root above them. */
export async function planTree({ root }: WalkedTree, source: SourceReader, signal: AbortSignal, onProgress: (bytes: number) => void): Promise<ManifestPlan & { content: ContentPlan }> {
  const content = await source.plan(signal, onProgress);
  return { ...planManifest(withExtents(root, content.extents)), content };
}

/**
 * The root that a directory would be published under, and whether something in it has a set-user-id or set-group-id bit.
 * @throws PublishError for what cannot be published
 */
export async function identifyTree(directory: string, signal: AbortSignal): Promise<{ root: BlockId; hasSetId: boolean }> {
  const walked = await walkTree(directory, signal);
  using source = new SourceReader(walked.files);
  const { pointer } = await planTree(walked, source, signal, () => {});
  return { root: pointer.root, hasSetId: hasSetId(walked.root) };
}

function hasSetId(entry: SourceEntry): boolean {
  if (entry.type !== 'directory') return entry.type === 'file' && (entry.mode & SET_ID_BITS) !== 0;
  return (entry.mode & SET_ID_BITS) !== 0 || entry.children.some(hasSetId);
}
