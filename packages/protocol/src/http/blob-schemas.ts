// Bodies of the routes of blobs as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";

const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe("SHA-256 in lower case hex");

export const blobSchemas = {
  BlobStored: z.strictObject({ blob: z.strictObject({ sha256: digest, size: z.int().nonnegative() }) }),
  BlobDigests: z.strictObject({ digests: z.array(digest).describe("At most `blobDigestsMax`") }),
  MissingBlobs: z.strictObject({ missing: z.array(digest) }),
} as const;
