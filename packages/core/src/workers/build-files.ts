// The files that a build names by their content: what goes in, and what came of it.
import { decodeValue } from "@sluice/protocol";
import type { BuildEnd } from "../kernel/build-store.ts";

/** As messages carry it. A link has no bytes of its own. */
export interface BuildFile {
  readonly sha256: string;
  readonly link?: string | undefined;
}

/** Digests of the blobs that files stand for, each once. */
export function digestsOf(files: readonly BuildFile[] | undefined): readonly string[] {
  return [...new Set((files ?? []).flatMap(({ sha256, link }) => (link === undefined ? [sha256] : [])))];
}

/** Those of the artifacts that a build ended with. */
export function artifactDigests(end: BuildEnd | undefined): readonly string[] {
  return end?.artifacts === undefined ? [] : digestsOf(decodeValue(end.artifacts) as readonly BuildFile[]);
}
