// Components from a Git repository: at a branch and at a commit, with the commit on the plan, and nothing left behind.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gitCheckouts } from "./checkouts.ts";
import { ClusterRig, configMap } from "./cluster-rig.suite.ts";
import { processesWith } from "./machine.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-repository-"));
const who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
const git = (...args: readonly string[]): string => {
  const done = Bun.spawnSync(["git", "-C", folder, ...who, ...args]);
  if (done.exitCode !== 0) throw new Error(done.stderr.toString());
  return done.stdout.toString().trim();
};
let first = "";
let second = "";

function commit(value: string): string {
  writeFileSync(join(folder, "deploy/conf.json"), configMap("conf", { a: value }));
  git("add", "-A");
  git("commit", "--quiet", "-m", value);
  return git("rev-parse", "HEAD");
}

beforeAll(() => {
  git("init", "--quiet", "--initial-branch", "main");
  git("config", "uploadpack.allowAnySHA1InWant", "true");
  mkdirSync(join(folder, "deploy"));
  first = commit("1");
  second = commit("2");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a component is planned from a branch and from a commit; the plan names the commit", async () => {
  await using rig = await ClusterRig.make();
  const source = (ref?: string) => ({
    manifests: ["conf.json"],
    git: { url: `file://${folder}`, path: "deploy", ...(ref === undefined ? {} : { ref }) },
  });
  await rig.component("conf", {}, source("main"));
  const plan = await rig.plan("conf");
  expect([plan.revision, plan.changes[0].key]).toEqual([second, "ConfigMap default/conf"]);
  await rig.component("conf", {}, source(first));
  expect((await rig.plan("conf")).revision).toBe(first);
  await rig.apply("conf");
  expect(rig.double.get("ConfigMap", "conf")?.["data"]).toEqual({ a: "1" });
  await rig.component("conf", {}, source("gone"));
  const refused = await rig.ask("createPlan", ["conf"], { body: {} });
  expect(refused.body.error).toMatchObject({ code: "invalid_component", message: expect.stringContaining("gone") });
});

test("a checkout is gone once it is closed, and a machine without git says so", async () => {
  const checkouts = gitCheckouts(processesWith({ PATH: process.env["PATH"] }));
  const opened = await checkouts.open({ url: `file://${folder}`, ref: undefined, timeoutMs: 60_000 });
  if (!opened.ok) throw new Error(opened.error.message);
  expect(await opened.value.files.read("deploy/conf.json")).toContain('"2"');
  expect(await opened.value.files.place("../..")).toBeUndefined();
  const place = await opened.value.files.place("deploy");
  expect(existsSync(place ?? "")).toBe(true);
  await opened.value.close();
  expect(existsSync(place ?? "")).toBe(false);
  const none = gitCheckouts({ run: () => Promise.reject(new Error("no such program")) });
  expect(await none.open({ url: "x", ref: undefined, timeoutMs: 1 })).toMatchObject({ error: { code: "unavailable" } });
});
