// Downloads of somebody who is no longer let in.
import { expect, test } from "bun:test";
import { HttpFixture } from "./http-fixture.ts";

test("a download breaks off when its token is revoked, what makes it is stopped, and the trail says that it failed", async () => {
  let stopped = false;
  const archive = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
      cancel: () => {
        stopped = true;
      },
    },
    { highWaterMark: 0 },
  );
  await using f = await HttpFixture.make({ http: { backup: () => Promise.resolve(archive) } });
  const made = await f.post("/api/v1/tokens", { name: "keeper", role: "admin" });
  const headers = { authorization: `Bearer ${made.body.token}`, "content-type": "application/json" };
  const asked = f.request("/api/v1/backup", { method: "POST", token: null, headers, body: "{}" });
  const answer = await f.http.fetch(asked, f.connections);
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  expect((await reader.read()).value).toHaveLength(1_000);
  const revokedAt = performance.now();
  await f.send(`/api/v1/tokens/${made.body.id}`, { method: "DELETE" });
  const brokenOff = async (): Promise<unknown> => {
    for (;;) await reader.read();
  };
  expect(await brokenOff().catch((error: unknown) => error)).toMatchObject({ code: "session_ended" });
  expect(performance.now() - revokedAt).toBeLessThan(1_000);
  expect(stopped).toBe(true);
  const { records } = (await f.get("/api/v1/audit?action=backup:create")).body;
  expect(records.map((each: { outcome: string }) => each.outcome)).toEqual(["failed", "intended"]);
});
