// Against a real S3 server on loopback.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { secret } from "@sluice/sdk";
import { calling } from "./calling.fixture.suite.ts";
import { s3 } from "./s3.ts";

/** What of the package is used. It is installed for this test alone. */
interface Peer {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
}
const packageName: string = "s3rver";
const found = (await import(packageName).catch(() => undefined)) as
  | { readonly default: new (options: object) => Peer }
  | undefined;
if (found === undefined) console.warn("skipped: no S3 server. To run it: npm install --no-save s3rver@3.7.1");

describe.skipIf(found === undefined)("S3", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-s3-"));
  let peer: Peer;
  let endpoint = "";
  beforeAll(async () => {
    if (found === undefined) return;
    const configureBuckets = [{ name: "shop" }];
    peer = new found.default({ port: 0, address: "127.0.0.1", silent: true, directory: folder, configureBuckets });
    const { port } = await peer.run();
    endpoint = `http://127.0.0.1:${port}`;
  });
  afterAll(async () => {
    await peer?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("objects are put, read, listed, signed for others, and deleted", async () => {
    const auth = { accessKeyId: "S3RVER", secretAccessKey: secret("s3") };
    const service = s3.withConfig({ config: { bucket: "shop", endpoint }, auth });
    await using it = await calling(service, { s3: "S3RVER-secret".slice(0, 6) });
    expect(await it.call<object>("put", { key: "a/1.txt", body: "one", type: "text/plain" })).toEqual({ bytes: 3 });
    await it.call("put", { key: "a/2.bin", body: Uint8Array.of(1, 2, 3, 255) });
    expect(await it.call<string>("getText", { key: "a/1.txt" })).toBe("one");
    expect(await it.call<Uint8Array>("get", { key: "a/2.bin" })).toEqual(Uint8Array.of(1, 2, 3, 255));
    expect(await it.call<object>("list", { prefix: "a/" })).toEqual([
      { key: "a/1.txt", bytes: 3 },
      { key: "a/2.bin", bytes: 4 },
    ]);
    const url = await it.call<string>("presign", { key: "a/1.txt", seconds: 60 });
    expect(new URL(url).searchParams.get("X-Amz-Expires")).toBe("60");
    expect(await it.call<boolean>("exists", { key: "a/1.txt" })).toBe(true);
    await it.call("delete", { key: "a/1.txt" });
    expect(await it.call<boolean>("exists", { key: "a/1.txt" })).toBe(false);
    expect(it.call("getText", { key: "a/1.txt" })).rejects.toMatchObject({
      name: "NonRetryableError",
      code: "not_found",
    });
  });
});
