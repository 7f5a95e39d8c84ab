// Objects in any S3.
import { action, defineService, NonRetryableError } from "@sluice/sdk";
import { z } from "zod";

const objectBytesMax = 32 * 1024 * 1024;
const keysMax = 1_000;

/** A bucket of any S3, by Bun's client. Objects travel through the journal: larger ones than 32 MiB are refused. */
export const s3 = defineService({
  id: "s3",
  name: "S3",
  version: "1.0.0",
  config: z.object({
    bucket: z.string().min(1),
    endpoint: z.url().optional(),
    region: z.string().default("us-east-1"),
  }),
  auth: z.object({
    accessKeyId: z.string().min(1),
    secretAccessKey: z.string().min(1),
    sessionToken: z.string().optional(),
  }),
  retry: { attempts: 4, delay: "500ms", maxDelay: "30s" },
  timeout: "60s",
  setup: ({ config, auth, onHealth }) => {
    if (!("Bun" in globalThis)) throw new Error("the service s3 needs Bun: it is Bun's client");
    const { endpoint, sessionToken, ...rest } = { ...config, ...auth };
    const client = new Bun.S3Client({
      ...rest,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(sessionToken === undefined ? {} : { sessionToken }),
    });
    onHealth(() => client.list({ maxKeys: 1 }));
    const key = z.object({ key: z.string().min(1).max(1_024) });
    return {
      put: action({
        input: key.extend({ body: z.union([z.string(), z.instanceof(Uint8Array)]), type: z.string().optional() }),
        run: async ({ key: name, body, type }) => ({
          bytes: await client.write(name, body, type === undefined ? {} : { type }),
        }),
      }),
      get: action({ input: key, run: async ({ key: name }) => readObject(client, name) }),
      getText: action({
        input: key,
        run: async ({ key: name }) => new TextDecoder().decode(await readObject(client, name)),
      }),
      exists: action({ input: key, run: ({ key: name }) => client.exists(name) }),
      delete: action({
        input: key,
        run: async ({ key: name }) => {
          await client.delete(name);
        },
      }),
      list: action({
        input: z.object({ prefix: z.string().optional(), after: z.string().optional() }).prefault({}),
        run: async ({ prefix, after }) => {
          const listed = await client.list({
            maxKeys: keysMax,
            ...(prefix === undefined ? {} : { prefix }),
            ...(after === undefined ? {} : { startAfter: after }),
          });
          return (listed.contents ?? []).map((each) => ({ key: each.key, bytes: each.size ?? 0 }));
        },
      }),
      /** A URL that anyone can read the object at for so long; made without asking the server. */
      presign: action({
        input: key.extend({ seconds: z.int().positive().max(604_800).default(3_600) }),
        run: ({ key: name, seconds }) => client.presign(name, { expiresIn: seconds }),
      }),
    };
  },
});

async function readObject(client: Bun.S3Client, key: string): Promise<Uint8Array> {
  const object = client.file(key);
  const { size } = await object.stat().catch((error: unknown) => {
    const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
    if (code === "NoSuchKey" || code === "NotFound" || name === "NotFound") {
      throw new NonRetryableError(`There is no object ${key}.`, { cause: error, code: "not_found" });
    }
    throw error;
  });
  if (size > objectBytesMax)
    throw new NonRetryableError(
      `The object ${key} has ${size} bytes; at most ${objectBytesMax} travel through a journal.`,
    );
  return object.bytes();
}
