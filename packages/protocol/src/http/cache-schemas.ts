// Bodies of the routes of the build cache as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { maybe } from "./schema-parts.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const mode = z.int().min(0).max(0o7777);
const path = z.string().describe("Relative to the task's package, with slashes; it never climbs out");

export const cacheSchemas = {
  CacheStats: z.strictObject({
    entries: count,
    blobs: count,
    pieces: count.describe("Files that blobs are made of"),
    bytes: count.describe("Of these files"),
    bytesMax: count.describe("cacheBytesMax; 0 is any number"),
    quarantined: count.describe("Files that were not what they should be and were put aside"),
    spaces: z.record(z.string(), z.strictObject({ hits: count, misses: count })),
  }),
  EvictCache: z.strictObject({ bytesMax: maybe(count).describe("Down to this size; cacheBytesMax without it") }),
  CacheEvicted: z.strictObject({ entries: count, blobs: count, bytes: count }),
  CacheKey: z.strictObject({
    entries: z.array(
      z.strictObject({
        scope: z.string(),
        space: z.string().describe("Whose key it is: `build`, or a tool's"),
        by: z.string().describe("Who wrote it"),
        createdAt: count,
        usedAt: count,
        hits: count,
        bytes: count,
        state: z.enum(["good", "bad_signature", "missing"]),
      }),
    ),
    gone: z.array(
      z.strictObject({
        scope: z.string(),
        space: z.string(),
        why: z.enum(["age", "size", "blob_missing", "bad_signature", "replaced", "removed"]),
        at: count,
      }),
    ),
  }),
  CacheResult: z.strictObject({
    key: digest,
    exitCode: z.literal(0),
    outputs: z.array(
      z.union([
        z.strictObject({ path, type: z.literal("file"), digest, size: count, mode }),
        z.strictObject({ path, type: z.literal("link"), target: z.string() }),
        z.strictObject({ path, type: z.literal("dir"), mode }),
      ]),
    ),
    log: digest,
    durationMs: z.number().nonnegative(),
    createdAtMs: z.number().nonnegative(),
    meta: z.record(z.string(), z.string()),
    signature: z.string().max(512).optional().describe("Of who executed it: ed25519/NAME:base64"),
  }),
  CacheKept: z.strictObject({ kept: z.enum(["stored", "kept-first"]) }),
} as const;
