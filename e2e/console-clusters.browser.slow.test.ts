// Clusters in a real browser: from a component without anything to its plan, approved, applied, seen to be healthy, changed by somebody
// else, refused, and taken back.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shopMesh, webRoutes } from "@sluice/core/cluster/double";
import type { ApiDouble } from "@sluice/core/cluster/double";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, describeInBrowser, launchBrowser, openProfile, seriousProblems, settled } from "./browser.ts";
import { asked, doubleWithControllers, kubeconfigOf } from "./cluster-double.ts";
import { killAll, startServer, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const component = (name: string, more: object = {}): string =>
  JSON.stringify({ name, cluster: "main", manifests: [name], policy: { approval: "self" }, ...more });

const app = (image: string): string =>
  JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "app" },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: "app" } },
      template: { metadata: { labels: { app: "app" } }, spec: { containers: [{ name: "app", image }] } },
    },
  });
const conf = (data: object): string =>
  JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "conf" }, data });

describeInBrowser("clusters", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-clusters-"));
  const project = join(folder, "project");
  let cluster: ApiDouble;
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  let complaints: readonly string[];

  const open = async (path: string): Promise<void> => {
    await page.goto(server.url + path);
    await settled(page);
  };
  const makePlan = async (name: string): Promise<void> => {
    await open(`/clusters/components/${name}`);
    await page.getByRole("button", { name: "Make a plan" }).click();
    await page.getByRole("heading", { name: `Plan for ${name}` }).waitFor();
  };
  const approveAndApply = async (): Promise<void> => {
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByRole("button", { name: "Approve it" }).click();
    await page.getByRole("button", { name: "Apply", exact: true }).click();
    await page.getByRole("button", { name: "Apply it" }).click();
    await page.getByRole("heading", { name: "cluster.operation" }).waitFor();
  };
  const shown = async (text: string): Promise<void> => page.getByText(text, { exact: true }).first().waitFor();

  beforeAll(async () => {
    mkdirSync(project, { recursive: true });
    writeProject(project, {
      "app.yaml": component("app", { owner: "team-shop" }),
      "app/app.json": app("one"),
      "app/conf.json": conf({ level: "info" }),
      "guarded.yaml": component("guarded", {
        dependsOn: ["app"],
        policy: { approval: "self", protectedKinds: ["ConfigMap"] },
      }),
      "guarded/conf.json": JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "other" } }),
    });
    cluster = doubleWithControllers();
    [server, browser] = await Promise.all([
      startServer({ project, data: join(folder, "data"), args: ["--no-auth"] }),
      launchBrowser(),
    ]);
    page = await (await openProfile(browser)).newPage();
    complaints = complaintsOf(page);
  });
  afterAll(async () => {
    await browser?.close();
    if (server !== undefined) await killAll(server);
    await cluster?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test("without one say how to add one; with one, whether it answers and what is declared in it", async () => {
    await open("/clusters");
    await page.getByRole("heading", { name: "No cluster has been added" }).waitFor();
    await asked(server, "POST /api/v1/clusters", { name: "main", kubeconfig: kubeconfigOf(cluster) });
    for (const name of ["app", "guarded"]) await asked(server, "POST /api/v1/components", { file: `${name}.yaml` });
    await open("/clusters");
    await page.getByRole("table", { name: "Clusters" }).getByText("Answers").waitFor();
    const rows = page.getByRole("table", { name: "Components" });
    await rows.getByRole("row", { name: /app.*Not looked at yet/ }).waitFor();
    await page.getByRole("tab", { name: "Topology" }).click();
    await page
      .getByRole("region", { name: "Topology of components" })
      .getByRole("link", { name: /guarded/ })
      .waitFor();
    expect(await seriousProblems(page)).toEqual([]);
  });

  test("a plan shows its risk before its changes; approved and applied it leads to its run, and back to the component", async () => {
    await makePlan("app");
    await page.getByRole("region", { name: "Risk" }).getByText("Medium risk").first().waitFor();
    await page.getByRole("region", { name: "Deployment.apps default/app" }).getByText("Create").waitFor();
    await shown("Waits for approval");
    expect(await seriousProblems(page)).toEqual([]);
    await approveAndApply();
    await shown("Completed");
    await page.getByRole("link", { name: "app", exact: true }).click();
    await page.getByRole("table", { name: "Operations" }).getByText("Completed").waitFor();
    await page.getByRole("tab", { name: "Health" }).click();
    const objects = page.getByRole("table", { name: "Objects" });
    await objects.getByRole("row", { name: /Deployment\.apps default\/app.*Healthy.*Current/ }).waitFor();
    expect(await seriousProblems(page)).toEqual([]);
  });

  test("health follows the cluster while somebody looks, with the reason", async () => {
    await open("/clusters/components/app");
    const objects = page.getByRole("table", { name: "Objects" });
    await objects.getByRole("row", { name: /app.*Healthy/ }).waitFor();
    const live = cluster.get("Deployment", "app");
    const conditions = [
      { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "it takes too long" },
    ];
    cluster.touch("Deployment", "app", { status: { ...(live?.["status"] as object), conditions } });
    await objects.getByRole("row", { name: /app.*Degraded.*it takes too long/ }).waitFor();
    cluster.touch("Deployment", "app", { status: live?.["status"] });
    await objects.getByRole("row", { name: /app.*Healthy/ }).waitFor();
  });

  test("what somebody changed is shown field by field, and an operation is undone from its row", async () => {
    writeProject(project, { "app/conf.json": conf({ level: "debug" }) });
    await makePlan("app");
    const change = page.getByRole("region", { name: "ConfigMap default/conf" });
    await change.getByText(".data.level").waitFor();
    await change.getByRole("region", { name: "before" }).getByText("info").waitFor();
    await change.getByRole("region", { name: "after" }).getByText("debug").waitFor();
    await page.getByRole("heading", { name: "Unchanged" }).waitFor();
    await approveAndApply();
    await shown("Completed");
    expect(cluster.get("ConfigMap", "conf")?.["data"]).toEqual({ level: "debug" });
    await open("/clusters/components/app?tab=operations");
    await page.getByRole("button", { name: "Undo", exact: true }).click();
    await page.getByRole("button", { name: "Undo it" }).click();
    await page.getByRole("table", { name: "Operations" }).getByText("undo", { exact: true }).waitFor();
    await page.getByRole("row", { name: /Completed.*undo/ }).waitFor();
    expect(cluster.get("ConfigMap", "conf")?.["data"]).toEqual({ level: "info" });
  });

  test("a mesh shows its revisions, the proxies that are stale, and what is wrong with its configuration", async () => {
    await open("/clusters");
    await page.getByRole("link", { name: "Mesh", exact: true }).click();
    await page.getByRole("heading", { name: "No mesh is installed" }).waitFor();
    const mesh = shopMesh(cluster);
    cluster.put(webRoutes);
    mesh.tag("default", "two");
    await page
      .getByRole("table", { name: "Revisions" })
      .getByRole("row", { name: /two.*1\.29\.0.*Ready.*default/ })
      .waitFor();
    await page
      .getByRole("table", { name: "Proxies" })
      .getByRole("row", { name: /shop\/web.*would be of two/ })
      .waitFor();
    await page.getByText("2 of 3 proxies are not as they should be.").waitFor();
    await page.getByRole("button", { name: "Look at it" }).click();
    await page.getByRole("table", { name: "Findings" }).getByText("There is no host admin to route to.").waitFor();
    expect(await seriousProblems(page)).toEqual([]);
  });

  test("a plan that breaks the policy names the rule, and can be neither approved nor applied", async () => {
    await makePlan("guarded");
    await page.getByRole("region", { name: "Risk" }).getByText("protected-kinds").waitFor();
    await page.getByText("A plan that breaks the policy cannot be approved.").waitFor();
    expect(await page.getByRole("button", { name: "Approve", exact: true }).isDisabled()).toBe(true);
    expect(await seriousProblems(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
