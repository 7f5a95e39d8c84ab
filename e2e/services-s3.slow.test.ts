// The ready-made service against a real S3 server on loopback.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { secret, workflow } from "sluice";
import { s3 } from "sluice/services";
import { testEngine } from "sluice/testing";
import { installPeers, peersInstallMs, startS3 } from "./service-peers.suite.ts";
import type { PeerServer } from "./service-peers.suite.ts";

// Bun's tests have to know at once what is skipped.
const refusal = installPeers();
if (refusal !== undefined) console.warn(`skipped: no S3 server: ${refusal}`);

/** What is on its way out there takes real time, while virtual time may leap. */
const patient = { timeout: "365 days", retry: false } as const;

describe.skipIf(refusal !== undefined)("S3", () => {
  let peer: PeerServer | undefined;
  beforeAll(async () => {
    peer = await startS3("shop");
  }, peersInstallMs);
  afterAll(() => peer?.[Symbol.asyncDispose]());

  test("objects are put, read, listed, signed for others, and deleted", async () => {
    const auth = { accessKeyId: "S3RVER", secretAccessKey: secret("s3") };
    const box = s3.withConfig({ config: { bucket: "shop", endpoint: peer?.url }, auth });
    const flow = workflow({ name: "files", services: { box } }, async (ctx) => {
      const { put, get, getText, exists, delete: remove, list, presign } = ctx.services.box;
      const one = { key: "a/1.txt" };
      const stored = await put({ ...one, body: "one", type: "text/plain" }, patient);
      await put({ key: "a/2.bin", body: Uint8Array.of(1, 2, 3, 255) }, patient);
      const text = await getText(one, patient);
      const bytes = await get({ key: "a/2.bin" }, patient);
      const listed = await list({ prefix: "a/" }, patient);
      const url = await presign({ ...one, seconds: 60 }, patient);
      const before = await exists(one, patient);
      await remove(one, patient);
      const after = await exists(one, patient);
      const missing = await getText(one, patient).catch((error: unknown) => {
        const { name, code } = error as { readonly name: string; readonly code: string };
        return { name, code };
      });
      return { stored, text, bytes, listed, url, there: [before, after], missing };
    });
    await using engine = await testEngine({ workflows: [flow], secrets: { s3: "S3RVER" } });
    const { url, ...rest } = (await (await engine.start(flow, undefined)).result()) as { readonly url: string };
    expect(rest).toEqual({
      stored: { bytes: 3 },
      text: "one",
      bytes: Uint8Array.of(1, 2, 3, 255),
      listed: [
        { key: "a/1.txt", bytes: 3 },
        { key: "a/2.bin", bytes: 4 },
      ],
      there: [true, false],
      missing: { name: "NonRetryableError", code: "not_found" },
    } as never);
    expect(new URL(url).searchParams.get("X-Amz-Expires")).toBe("60");
    const served = await fetch(url.replace("1.txt", "2.bin"));
    // Signed for the one object only.
    expect(served.ok).toBe(false);
  });
});
