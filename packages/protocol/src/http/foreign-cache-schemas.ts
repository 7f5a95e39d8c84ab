// Bodies of other build tools' caches as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";

const artifact = z.strictObject({
  size: z.int(),
  taskDurationMs: z.int(),
  tag: z.string().optional(),
  sha: z.string().optional(),
  dirtyHash: z.string().optional(),
});

export const foreignCacheSchemas = {
  TurboStatus: z.strictObject({ status: z.enum(["enabled", "disabled", "over_limit", "paused"]) }),
  TurboEvents: z.array(z.looseObject({ source: z.string(), event: z.string(), hash: z.string() })),
  TurboNothing: z.strictObject({}),
  TurboHashes: z.looseObject({ hashes: z.array(z.string()) }),
  TurboFound: z.record(z.string(), artifact.nullable()),
  TurboKept: z.strictObject({ urls: z.array(z.string()) }),
  GithubCacheCall: z.looseObject({ key: z.string(), version: z.string() }),
  GithubCacheAnswer: z.looseObject({ ok: z.boolean() }),
} as const;
