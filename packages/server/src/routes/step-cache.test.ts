import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

const rates = workflow({ name: "rates" }, async (ctx, key: string) =>
  ctx.step("rate", () => key.toUpperCase().repeat(key === "large" ? 50_000 : 1), { cache: { key, ttl: "1h" } }),
);

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [rates] });
});
afterAll(async () => f[Symbol.asyncDispose]());

const path = "/api/v1/step-cache";

async function run(input: string): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ input });
  const answer = await f.send("/api/v1/workflows/rates/runs?wait=10s", { method: "POST", headers, body });
  return answer.body.run.status;
}

describe("kept results", () => {
  test("are listed, with what they were made of, and large ones without their value", async () => {
    for (const key of ["eur", "eur", "large"]) expect(await run(key)).toBe("completed");
    const { body } = await f.get(`${path}?scope=workflow:rates&step=rate`);
    expect(body).toMatchObject({
      results: [
        { scope: "workflow:rates", step: "rate", key: "eur", value: "EUR", hits: 1, run: expect.any(String) },
        { key: "large", hits: 0, value: null, omitted: ["value"] },
      ],
      nextCursor: null,
    });
    expect(body.results[0].expiresAt - body.results[0].createdAt).toBe(3_600_000);
    const first = await f.get(`${path}?limit=1`);
    const second = await f.get(`${path}?limit=1&cursor=${encodeURIComponent(first.body.nextCursor)}`);
    expect([first, second].map((page) => page.body.results[0].key)).toEqual(["eur", "large"]);
  });

  test("are forgotten by what is named, and never all by accident", async () => {
    await run("eur");
    expect((await f.send(path, { method: "DELETE" })).body.error.code).toBe("bad_request");
    expect((await f.send(`${path}?scope=nobody`, { method: "DELETE" })).body.error.code).toBe("invalid_filter");
    expect((await f.send(`${path}?key=eur`, { method: "DELETE" })).body).toEqual({ cleared: 1 });
    expect((await f.send(`${path}?all=true`, { method: "DELETE" })).body).toEqual({ cleared: 1 });
    expect((await f.get(path)).body.results).toEqual([]);
  });
});
