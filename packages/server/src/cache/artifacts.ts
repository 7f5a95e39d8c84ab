// What most tools keep in a cache: one piece of content under a key, with a few words about it.
import { cacheFailure } from "@sluice/core/builds/cache";
import type { CacheView, OpenBlob } from "@sluice/core/builds/cache";

export interface Artifact<Words> {
  readonly words: Words;
  readonly blob: OpenBlob;
}

/** What stands under a key; `use: false` where it is only asked after. Words are as they were kept, and signed with it. */
export function findArtifact<Words>(
  view: CacheView,
  key: string,
  p: { readonly use: boolean },
): Artifact<Words> | undefined {
  const found = p.use ? view.find(key) : view.peek(key);
  const [blob] = [...(found?.blobs.values() ?? [])];
  if (found === undefined || blob === undefined) return undefined;
  return { words: JSON.parse(found.body) as Words, blob };
}

/** Names content that was taken: from here on it is found. */
export function keepArtifact(
  view: CacheView,
  p: { readonly key: string; readonly digest: string; readonly words: object; readonly replace?: boolean },
): "stored" | "kept-first" | "incomplete" {
  try {
    return view.commit({ key: p.key, body: JSON.stringify(p.words), digests: [p.digest], replace: p.replace ?? false });
  } catch (error) {
    throw cacheFailure(error);
  }
}
