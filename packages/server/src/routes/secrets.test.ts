// Secrets over HTTP: what goes in never comes out, and who may not, may not.
import { expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

const value = "sk_live_1234567";

const charge = workflow({ name: "charge" }, (ctx) =>
  ctx.step("charge", async ({ secret }) => {
    const key = await secret("stripe/key");
    return { key, length: key.length };
  }),
);

interface Asking {
  readonly method?: string;
  readonly body?: object;
  readonly token?: string;
}

function ask(f: HttpFixture, path: string, { method = "GET", body, token }: Asking = {}) {
  const json =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return f.send(path, { method, ...json, ...(token === undefined ? {} : { token }) });
}

async function ended(f: HttpFixture): Promise<{ status: string; output: unknown; error?: { code: string } }> {
  const { body } = await ask(f, "/api/v1/workflows/charge/runs?wait=10s", { method: "POST", body: { input: null } });
  return body.run;
}

test("a secret is set, used by a step, changed, and gone; no answer and no audit row has its value", async () => {
  await using f = await HttpFixture.make({ workflows: [charge] });
  const texts: string[] = [];
  const send = async (path: string, asking?: Asking) => {
    const answer = await ask(f, path, asking);
    texts.push(JSON.stringify(answer.body ?? null));
    return answer;
  };
  const set = (text: string) => send("/api/v1/secrets/stripe%2Fkey", { method: "PUT", body: { value: text } });
  expect((await ended(f)).error?.code).toBe("secret_not_found");
  expect(await set(value)).toMatchObject({ status: 200, body: { version: 1 } });
  expect(await ended(f)).toMatchObject({ status: "completed", output: { key: "*".repeat(15), length: 15 } });
  expect((await set(`${value}-2`)).body).toEqual({ version: 2 });
  expect((await ended(f)).output).toEqual({ key: "*".repeat(17), length: 17 });
  expect((await send("/api/v1/secrets/rotate", { method: "POST", body: {} })).body).toEqual({ resealed: 1 });
  expect((await ended(f)).output).toEqual({ key: "*".repeat(17), length: 17 });
  expect((await send("/api/v1/secrets")).body.secrets).toMatchObject([
    { name: "stripe/key", version: 2, readable: true },
  ]);
  expect((await send("/api/v1/secrets/stripe%2Fkey", { method: "DELETE" })).status).toBe(204);
  expect((await ended(f)).error?.code).toBe("secret_not_found");
  const trail = (await send("/api/v1/audit?action=secret:*")).body.records as { action: string; outcome: string }[];
  expect(trail.map((row) => row.action)).toEqual(["secret:remove", "secret:rotate", "secret:write", "secret:write"]);
  expect(texts.join("")).not.toContain("sk_live");
  expect(JSON.stringify(f.logs)).not.toContain("sk_live");
});

test.each([
  ["a b", { value }, 400, "invalid_name"],
  ["a", { value: "12345" }, 400, "bad_request"],
  ["a", { value: 1234567 }, 400, "bad_request"],
  ["a", { text: value }, 400, "bad_request"],
])("%j with %j is refused", async (name, body, status, code) => {
  await using f = await HttpFixture.make();
  const answer = await ask(f, `/api/v1/secrets/${encodeURIComponent(name)}`, { method: "PUT", body });
  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  expect((await ask(f, "/api/v1/secrets")).body.secrets).toEqual([]);
});

test("a developer sees which there are and changes none, an operator sees none", async () => {
  await using f = await HttpFixture.make();
  await ask(f, "/api/v1/secrets/a", { method: "PUT", body: { value } });
  const tokenOf = async (role: string): Promise<string> =>
    (await ask(f, "/api/v1/tokens", { method: "POST", body: { name: role, role } })).body.token;
  const as = async (role: string, path: string, asking: Asking = {}) =>
    (await ask(f, path, { ...asking, token: await tokenOf(role) })).status;
  expect(await as("developer", "/api/v1/secrets")).toBe(200);
  expect(await as("developer", "/api/v1/secrets/a", { method: "PUT", body: { value } })).toBe(403);
  expect(await as("developer", "/api/v1/secrets/a", { method: "DELETE" })).toBe(403);
  expect(await as("developer", "/api/v1/secrets/rotate", { method: "POST", body: {} })).toBe(403);
  expect(await as("operator", "/api/v1/secrets")).toBe(403);
});
