// The cache over gRPC with a real client of it: what goes in comes out, scopes hold, and what is wrong is refused in gRPC's words.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, makeGenericClientConstructor, Metadata, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { cacheLimits, systemClock } from "@sluice/core";
import type { Cache } from "@sluice/core/builds/cache";
import { callerOf } from "../../compose-cache-grpc.ts";
import { HttpFixture, token } from "../../http-fixture.ts";
import { openCache } from "../open-cache.ts";
import { numberIn, textIn, within, written } from "../protobuf-fields.ts";
import { ReapiService } from "./service.ts";
import { digestBytes, digestsAt } from "./wire.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-reapi-"));
const { methods } = ReapiService;
const Client = makeGenericClientConstructor(methods, "cache");
let f: HttpFixture;
let cache: Cache;
let service: ReapiService;
let client: InstanceType<typeof Client>;
beforeAll(async () => {
  f = await HttpFixture.make();
  const keys = join(folder, "keys");
  cache = await openCache({
    folder: join(folder, "cache"),
    keys,
    clock: systemClock,
    log: () => undefined,
    limits: cacheLimits,
  });
  service = new ReapiService({
    cache: async () => cache,
    ask: (p) => callerOf({ identity: f.identity, authentication: true }, p),
    tls: undefined,
    log: () => undefined,
  });
  client = new Client(`127.0.0.1:${await service.listen("127.0.0.1", 0)}`, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  service.stop();
  await cache.close();
  await f[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function shown(authorization: string): Metadata {
  const metadata = new Metadata();
  if (authorization !== "") metadata.set("authorization", authorization);
  return metadata;
}

type Fields = Parameters<typeof written>[0];

async function ask(name: keyof typeof methods, fields: Fields, authorization = `Bearer ${token}`): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    client[name]?.(written(fields), shown(authorization), (error: ServiceError | null, answer: Uint8Array) =>
      error === null ? resolve(answer) : reject(error),
    );
  });
}

/** All that a stream sends. */
async function streamed(name: "read" | "getTree", fields: Fields): Promise<readonly Uint8Array[]> {
  const messages: Uint8Array[] = [];
  const stream = client[name]?.(written(fields), shown(`Bearer ${token}`)) as AsyncIterable<Uint8Array>;
  for await (const message of stream) messages.push(message);
  return messages;
}

async function write(name: string, pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const stream = client["write"]?.(shown(`Bearer ${token}`), (error: ServiceError | null, answer: Uint8Array) =>
      error === null ? resolve(answer) : reject(error),
    ) as { readonly write: (message: Uint8Array) => void; readonly end: () => void };
    let at = 0;
    for (const [n, piece] of pieces.entries()) {
      const head: Fields = n === 0 ? [[1, name]] : [];
      stream.write(written([...head, [2, at], [3, n === pieces.length - 1 ? 1 : 0], [10, piece]]));
      at += piece.length;
    }
    stream.end();
  });
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const digestOf = (content: Uint8Array): { readonly hash: string; readonly size: number } => ({
  hash: createHash("sha256").update(content).digest("hex"),
  size: content.length,
});
const codeOf = async (asked: Promise<unknown>): Promise<number | undefined> =>
  asked.then(
    () => undefined,
    (error: unknown) => (error as ServiceError).code,
  );

describe("the cache over gRPC", () => {
  test("says what it can", async () => {
    const [capabilities = new Uint8Array(0)] = [...within(await ask("getCapabilities", [], ""), 1)];
    expect(numberIn(capabilities, 4)).toBe(4_000_000);
  });

  test("keeps files that come in batches and in streams, and sends them back", async () => {
    const [small, large] = [bytes("small"), new Uint8Array(5_000_000).map((_, n) => n % 251)];
    const both: Fields = [small, large].map((content) => [2, digestBytes(digestOf(content))] as const);
    expect(digestsAt(await ask("findMissingBlobs", both), 2)).toHaveLength(2);
    const request = written([
      [1, digestBytes(digestOf(small))],
      [2, small],
    ]);
    await ask("batchUpdateBlobs", [[2, request]]);
    const { hash, size } = digestOf(large);
    const parts = [large.subarray(0, 2_000_000), large.subarray(2_000_000)];
    const answer = await write(`uploads/one/blobs/${hash}/${size}`, parts);
    expect(numberIn(answer, 1)).toBe(size);
    expect(digestsAt(await ask("findMissingBlobs", both), 2)).toEqual([]);
    const status_ = await ask("queryWriteStatus", [[1, `uploads/two/blobs/${hash}/${size}`]]);
    expect([numberIn(status_, 1), numberIn(status_, 2)]).toEqual([size, 1]);
    const [read = new Uint8Array(0)] = [...within(await ask("batchReadBlobs", [[2, digestBytes(digestOf(small))]]), 1)];
    expect(textIn(read, 2)).toBe("small");
    const back = (await streamed("read", [[1, `blobs/${hash}/${size}`]])).flatMap((each) => [...within(each, 10)]);
    expect(digestOf(Buffer.concat(back)).hash).toBe(hash);
    const part = await streamed("read", [
      [1, `blobs/${hash}/${size}`],
      [2, 1_999_999],
      [3, 2],
    ]);
    const middle = Buffer.concat(part.flatMap((each) => [...within(each, 10)]));
    expect(middle).toEqual(Buffer.from(large.subarray(1_999_999, 2_000_001)));
  });

  test("keeps results of actions once all that they name is there, and finds them under their instance only", async () => {
    const [file, action] = [bytes("made"), digestOf(bytes("action"))];
    const result = written([
      [
        2,
        written([
          [1, "out"],
          [2, digestBytes(digestOf(file))],
        ]),
      ],
    ]);
    const put = (): Promise<Uint8Array> =>
      ask("updateActionResult", [
        [1, "acme"],
        [2, digestBytes(action)],
        [3, result],
      ]);
    expect(await codeOf(put())).toBe(status.FAILED_PRECONDITION);
    const { hash, size } = digestOf(file);
    await write(`acme/uploads/u/blobs/${hash}/${size}`, [file]);
    await put();
    const get = (instance: string): Promise<Uint8Array> =>
      ask("getActionResult", [
        [1, instance],
        [2, digestBytes(action)],
      ]);
    expect(Buffer.from(await get("acme"))).toEqual(Buffer.from(result));
    expect(await codeOf(get("other"))).toBe(status.NOT_FOUND);
  });

  test("sends a tree of folders", async () => {
    const leaf = written([[1, written([[1, "file"]])]]);
    const root = written([
      [
        2,
        written([
          [1, "leaf"],
          [2, digestBytes(digestOf(leaf))],
        ]),
      ],
    ]);
    for (const folderBytes of [leaf, root]) {
      const { hash, size } = digestOf(folderBytes);
      await write(`uploads/u/blobs/${hash}/${size}`, [folderBytes]);
    }
    const folders = (await streamed("getTree", [[2, digestBytes(digestOf(root))]])).flatMap((each) => [
      ...within(each, 1),
    ]);
    expect(folders.map((each) => Buffer.from(each))).toEqual([Buffer.from(root), Buffer.from(leaf)]);
  });

  test("refuses strangers, other content, and what is no message", async () => {
    expect(await codeOf(ask("findMissingBlobs", [], ""))).toBe(status.UNAUTHENTICATED);
    expect(await codeOf(ask("findMissingBlobs", [], "Bearer nobody"))).toBe(status.UNAUTHENTICATED);
    expect(await codeOf(ask("findMissingBlobs", [[1, "a b"]]))).toBe(status.INVALID_ARGUMENT);
    const wrong = digestOf(bytes("this"));
    expect(await codeOf(write(`uploads/u/blobs/${wrong.hash}/${wrong.size}`, [bytes("that")]))).toBe(
      status.INVALID_ARGUMENT,
    );
    expect(await codeOf(streamed("read", [[1, `blobs/${wrong.hash}/4`]]))).toBe(status.NOT_FOUND);
    expect(await codeOf(ask("getActionResult", [[2, "x"]]))).toBe(status.INVALID_ARGUMENT);
  });

  test("has scopes: what a pull request writes is found by nobody else", async () => {
    const made = await f.post("/api/v1/tokens", { name: "pr", role: "operator", limits: { cache: ["pr-17"] } });
    const content = bytes("of a pull request");
    const request = written([
      [1, digestBytes(digestOf(content))],
      [2, content],
    ]);
    await ask("batchUpdateBlobs", [[2, request]], `Basic ${Buffer.from(`any:${made.body.token}`).toString("base64")}`);
    const asked: Fields = [[2, digestBytes(digestOf(content))]];
    expect(digestsAt(await ask("findMissingBlobs", asked, `Bearer ${made.body.token}`), 2)).toEqual([]);
    expect(digestsAt(await ask("findMissingBlobs", asked), 2)).toHaveLength(1);
  });
});
