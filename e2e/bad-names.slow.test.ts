// What names nothing, or something else than it should, at every URL of the shipped server: unknown runs, used tokens, words
// that are no time, and names that are taken. Refused with a code and a hint; nothing is stored.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { routes, valueMediaType } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { contracts } from "@sluice/protocol/http-schemas";
import { everyRoute, samples, Victim, whatIsWrong } from "./bad-input.suite.ts";
import { sluice } from "./cli-process.ts";
import type { RawClient } from "./raw-http.ts";
import { token, writeProject } from "./server-process.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-bad-names-"));
let victim: Victim;

beforeAll(async () => {
  victim = await Victim.start(join(folder, "project"));
}, 30_000);

afterAll(async () => {
  try {
    await victim.expectWell();
  } finally {
    await victim.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

const json = { "content-type": "application/json" };
const specs: Readonly<Record<RouteName, RouteSpec>> = routes;

describe("unknown run", () => {
  const ofRuns = everyRoute.filter((name) => specs[name].path.includes("/:run"));
  const unknown = ["run_none", "run_1m7z5es3900005g5305h4558v", "0", "-1", "ech", "x".repeat(5_000), "%F0%9F%99%82"];

  test.each(ofRuns)("is refused by %s", async (name) => {
    expect(ofRuns.length).toBeGreaterThanOrEqual(10);
    const deleted = await victim.begin("echo", "completed");
    expect((await victim.json("DELETE", `/api/v1/runs/${deleted}`)).status).toBe(204);
    await victim.unchanged(async () => {
      for (const run of [...unknown, deleted]) {
        const request = victim.right(name, victim.paramsOf(name).with(0, run));
        await victim.refused(request, { status: 404, code: "run_not_found" });
        const headers = { ...request.headers, accept: valueMediaType };
        await victim.refused({ ...request, headers }, { status: 404, code: "run_not_found" });
      }
    });
  });

  test("is refused where one is waited for, and where state would belong to it", async () => {
    await victim.unchanged(async () => {
      const waited = { method: "GET", path: "/api/v1/runs/run_none?wait=1m" };
      await victim.refused(waited, { status: 404, code: "run_not_found" });
      await victim.refused(victim.right("setState", ["run:run_none", "k"]), { status: 404, code: "run_not_found" });
      for (const name of ["getState", "deleteState"] as const)
        await victim.refused(victim.right(name, ["run:run_none", "k"]), { status: 404, code: "not_found" });
    });
  });

  test("and an unknown workflow, schedule, approval, callback and webhook are refused", async () => {
    const codes: readonly (readonly [RouteName, string])[] = [
      ["getWorkflow", "workflow_not_found"],
      ["startRun", "workflow_not_found"],
      ["getSchedule", "schedule_not_found"],
      ["pauseSchedule", "schedule_not_found"],
      ["resumeSchedule", "schedule_not_found"],
      ["runSchedule", "schedule_not_found"],
      ["pauseQueue", "queue_not_found"],
      ["resumeQueue", "queue_not_found"],
      ["drainWorker", "worker_not_found"],
      ["removeWorker", "worker_not_found"],
      ["getBuild", "build_not_found"],
      ["listBuildTasks", "build_not_found"],
      ["watchBuild", "build_not_found"],
      ["cancelBuild", "build_not_found"],
      ["getBlob", "blob_not_found"],
      ["getApproval", "token_unknown"],
      ["decideApproval", "token_unknown"],
      ["completeCallback", "token_unknown"],
      ["callHook", "not_found"],
      ["docsAsset", "not_found"],
    ];
    await victim.unchanged(async () => {
      for (const [name, code] of codes) {
        for (const param of [...unknown, victim.things.ended])
          await victim.refused(victim.right(name, [param]), { status: 404, code });
      }
    });
  });
});

describe("used token", () => {
  const kinds = [
    ["approval", "decideApproval"],
    ["callback", "completeCallback"],
  ] as const;

  test.each(kinds)("of an %s is refused, as is an expired one and one of something else", async (kind, name) => {
    const { used, expired, approval, callback } = victim.things;
    await victim.unchanged(async () => {
      await victim.refused(victim.right(name, [used[kind]]), { status: 410, code: "token_used" });
      await victim.refused(victim.right(name, [expired[kind]]), { status: 410, code: "token_expired" });
      const other = kind === "approval" ? callback : approval;
      await victim.refused(victim.right(name, [other]), { status: 404, code: "token_unknown" });
      for (const almost of [
        victim.things[kind].slice(0, -1),
        victim.things[kind].toUpperCase(),
        `${victim.things[kind]}x`,
      ])
        await victim.refused(victim.right(name, [almost]), { status: 404, code: "token_unknown" });
    });
  });

  test.each(kinds)("of an %s: of many answers at once one is taken", async (kind, name) => {
    const asked = kind === "approval" ? await victim.approval() : await victim.callback();
    const clients = Array.from({ length: 12 }, () => victim.another());
    const answers = await Promise.all(clients.map((client) => client.send(victim.right(name, [asked]))));
    for (const client of clients) client.close();
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200))
      expect(whatIsWrong(answer, { status: 410, code: "token_used" })).toBeUndefined();
    await victim.settled();
  });
});

describe("invalid cron and duration", () => {
  const words = [
    "soon",
    "-1s",
    "1 month",
    "1y",
    "1s 1h",
    "1h1h",
    "1e3s",
    "10",
    "٣s",
    "1s\u0000",
    "1,5s",
    "999999999 weeks",
    "x".repeat(500),
  ];

  test.each([
    ["startRun", "delay"],
    ["setState", "ttl"],
  ] as const)("%s refuses a %s that is no duration", async (name, field) => {
    await victim.unchanged(async () => {
      for (const duration of [...words, "", " ", -1, 1e300, 2 ** 53, true, {}, [], ["1s"]]) {
        const body = JSON.stringify({ ...samples[name], [field]: duration });
        const request = victim.request(name, { headers: json, body });
        await victim.refused(request, { status: 400, code: "invalid_duration" });
      }
    });
  });

  test.each(everyRoute.filter((name) => contracts[name].parameters?.some((each) => each.name === "wait")))(
    "%s refuses a wait that is no duration",
    async (name) => {
      await victim.unchanged(async () => {
        for (const duration of words.filter((word) => word !== "10" && !word.includes("\u0000") && word.length < 500)) {
          const query = `?wait=${encodeURIComponent(duration)}`;
          await victim.refused(
            { ...victim.right(name, victim.paramsOf(name)), path: victim.pathOf(name) + query },
            { status: 400, code: "invalid_duration" },
          );
        }
      });
    },
  );

  const triggers = {
    'schedule("61 * * * *")': "invalid_cron",
    'schedule("every day")': "invalid_cron",
    'schedule("")': "invalid_cron",
    'schedule("0 2 30 2 *")': "invalid_cron",
    'schedule("0 2 * * *", { timezone: "Mars/Base" })': "invalid_timezone",
    'schedule("0 2 * * *", { jitter: "soon" })': "invalid_duration",
  };
  test.each(Object.entries(triggers))("a project with %s is not served: %s", async (trigger, code) => {
    await expectNotServed(`export const a = workflow({ name: "a", triggers: [${trigger}] }, async () => 1);`, code);
  });

  test("the command line refuses them before there is a run", async () => {
    const options = ["--url", victim.server.url, "--token", token, "--json"];
    await victim.unchanged(async () => {
      for (const delay of ["soon", "1 month", "-1s"]) {
        const ran = await sluice(["run", "echo", `--delay=${delay}`, ...options]);
        expect([delay, ran.exitCode, JSON.parse(ran.stdout).error.code]).toEqual([delay, 2, "invalid_duration"]);
      }
    });
  });
});

/** A project with this workflow is refused by the command, with a code and a hint, and leaves nothing behind. */
async function expectNotServed(text: string, code: string): Promise<void> {
  const project = mkdtempSync(join(folder, "refused-"));
  writeProject(project, { "workflows/a.ts": `import { schedule, workflow } from "sluice";\n${text}\n` });
  const ran = await sluice(["up", "--project", project, "--data", join(project, "data"), "--port", "0", "--json"]);
  expect(ran.exitCode).toBe(1);
  const { error } = JSON.parse(ran.stdout) as { readonly error: { readonly code: string; readonly hint?: string } };
  expect(error).toMatchObject({ code, hint: expect.any(String) });
  expect(ran.stdout).not.toMatch(/\bat [\w.<>]+ \(|node_modules/);
}

describe("duplicate name", () => {
  test("of a run is refused, whoever has it and whatever state it is in", async () => {
    const { ended, waiting } = victim.things;
    await victim.unchanged(async () => {
      for (const workflow of ["echo", "asks"]) {
        for (const id of [ended, waiting]) {
          const request = { ...victim.right("startRun", [workflow]), body: JSON.stringify({ id, input: "other" }) };
          await victim.refused(request, { status: 409, code: "run_id_taken" });
        }
      }
    });
  });

  test("of a start is refused for another input, in the body and as a header", async () => {
    const first = await victim.json("POST", "/api/v1/workflows/echo/runs?wait=10s", {
      input: 1,
      idempotencyKey: "twice",
    });
    expect(first.status).toBe(201);
    const headers = { ...json, "idempotency-key": "twice" };
    // A webhook has keys of its own: nobody outside takes those of the API.
    const hooked = await victim.raw.send({ ...victim.right("callHook", ["echo"]), headers, body: "1" });
    const { created, runId } = JSON.parse(hooked.text) as { created: boolean; runId: string };
    expect([hooked.status, created]).toEqual([202, true]);
    await victim.json("GET", `/api/v1/runs/${runId}?wait=10s`);
    await victim.unchanged(async () => {
      const inBody = {
        ...victim.right("startRun", ["echo"]),
        body: JSON.stringify({ input: 2, idempotencyKey: "twice" }),
      };
      await victim.refused(inBody, { status: 409, code: "idempotency_conflict" });
      for (const name of ["startRun", "callHook"] as const) {
        const body = name === "startRun" ? '{"input":2}' : "2";
        await victim.refused(
          { ...victim.right(name, ["echo"]), headers, body },
          { status: 409, code: "idempotency_conflict" },
        );
      }
    });
  });

  test("of many starts at once with one id, one is taken", async () => {
    const clients = Array.from({ length: 12 }, () => victim.another());
    const send = (client: RawClient, input: number) =>
      client.send({ ...victim.right("startRun", ["echo"]), body: JSON.stringify({ id: "only-one", input }) });
    const answers = await Promise.all(clients.map(send));
    for (const client of clients) client.close();
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(["201", ...Array<string>(11).fill("409")]);
    await victim.settled();
  });

  test.each([
    [
      "workflows",
      'export const a = workflow({ name: "a" }, async () => 1), b = workflow({ name: "a" }, async () => 2);',
      "duplicate_workflow",
    ],
    [
      "schedules of one workflow",
      'export const a = workflow({ name: "a", triggers: [schedule("0 2 * * *", { name: "s" }), schedule("0 3 * * *", { name: "s" })] }, async () => 1);',
      "invalid_name",
    ],
  ])("of two %s keeps the project from being served", async (_what, text, code) => {
    await expectNotServed(text, code);
  });
});
