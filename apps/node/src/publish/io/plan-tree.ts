import type { ContentPlan } from '../core/content-planner.ts';
import { planManifest, type ManifestPlan } from '../core/manifest-pages.ts';
import { withExtents } from '../core/source-tree.ts';
import { SourceReader } from './source-reader.ts';
import { walkTree, type WalkedTree } from './walk-tree.ts';

/** What a tree is published as: its blocks, and the pages and the root above them. */
export async function planTree({ root }: WalkedTree, source: SourceReader, signal: AbortSignal, onProgress: (bytes: number) => void): Promise<ManifestPlan & { content: ContentPlan }> {
  const content = await source.plan(signal, onProgress);
  return { ...planManifest(withExtents(root, content.extents)), content };
}

/**
 * The root that a directory would be published under.
 * @throws PublishError for what cannot be published
 */
export async function rootOfTree(directory: string, signal: AbortSignal): Promise<string> {
  const walked = await walkTree(directory, signal);
  using source = new SourceReader(walked.files);
  const { pointer } = await planTree(walked, source, signal, () => {});
  return pointer.root;
}
