// Tasks on workers of other machines that go wrong: tasks and runs that kill their worker again and again, and connections that cannot be trusted.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stop } from "./cli-process.ts";
import { api, RemoteRig, until } from "./remote-rig.ts";
import type { RemoteWorkerProcess, Site } from "./remote-rig.ts";
import { writeProject } from "./server-process.ts";

const rig = new RemoteRig();
const { work } = rig;
afterAll(() => rig.close());

const code = `
import { existsSync } from "node:fs";
import { dlopen, read } from "bun:ffi";
import { task, workflow } from "sluice";

export const deadly = task({ name: "deadly" }, async (how: string) => {
  if (how === "kill") process.kill(process.pid, "SIGKILL");
  else {
    // The runtime's own report of a crash may take long, or hang: without its handler the system ends the process at once.
    const libc = process.platform === "darwin" ? "libSystem.B.dylib" : "libc.so.6";
    dlopen(libc, { signal: { args: ["i32", "ptr"], returns: "ptr" } }).symbols.signal(11, null);
    // An address that no process has.
    read.u8(1 as never, 0);
  }
  await new Promise(() => undefined);
});
export const patient = task({ name: "patient" }, async (gate: string) => {
  while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 5));
  return "did it";
});
export const dies = workflow({ name: "dies" }, (ctx) =>
  ctx.step("die", () => {
    process.kill(process.pid, "SIGKILL");
    return new Promise(() => undefined);
  }),
);
export const calls = workflow({ name: "calls" }, (ctx, { task, input }: { task: string; input: string }) => ctx.task(task, input));
`;
const project = join(work, "tasks");
beforeAll(() => writeProject(project, { "workflows/tasks.ts": code }));

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly output?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

async function begin(site: Site, task: string, input: string): Promise<string> {
  const body = { input: { task, input } };
  return (await api<{ run: Shown }>(site, "/api/v1/workflows/calls/runs", body)).run.id;
}

async function ended(site: Site, id: string): Promise<Shown> {
  return until(async () => {
    const { run } = await api<{ run: Shown }>(site, `/api/v1/runs/${id}?wait=5s`);
    return ["completed", "failed"].includes(run.status) && run;
  });
}

/** Starts a worker again whenever it has died, as a service manager does. */
function keptUp(
  site: Site,
  id: string,
): { readonly deaths: () => readonly (number | string)[]; readonly end: () => void } {
  const deaths: (number | string)[] = [];
  let over = false;
  let now: RemoteWorkerProcess | undefined;
  const keep = async (): Promise<void> => {
    now = await rig.start(site, { id, project });
    deaths.push(await now.exited);
    if (!over) await keep();
  };
  void keep();
  return {
    deaths: () => deaths,
    end: () => {
      over = true;
      now?.child.kill("SIGKILL");
    },
  };
}

describe("a task that takes its worker down", () => {
  test.each(["kill", "segv"])(
    "by %s fails when it was there three times, the last time alone; others do not",
    async (how) => {
      const site = await rig.up(how);
      const service = keptUp(site, `d-${how}`);
      await until(async () => (await api<{ workflows: unknown[] }>(site, "/api/v1/workflows")).workflows.length > 0);
      const gate = join(work, `${how}.gate`);
      const others = [await begin(site, "patient", gate), await begin(site, "patient", gate)];
      const run = await begin(site, "deadly", how);
      // Twice all of them are there; from then on one at a time.
      await until(() => service.deaths().length >= 2);
      writeFileSync(gate, "");
      const { status, error } = await ended(site, run);
      expect([status, error?.code]).toEqual(["failed", "poison"]);
      expect(error?.message).toStartWith("The task deadly took its worker down 3 times, the last time alone: ");
      // Each of them is named in its details, the last one in the message as well.
      expect(JSON.stringify(error).split(`d-${how}: `)).toHaveLength(5);
      expect(service.deaths()).toHaveLength(3);
      for (const other of others)
        expect(await ended(site, other)).toMatchObject({ status: "completed", output: "did it" });
      service.end();
      expect(await stop(site.running)).toBe(0);
    },
    60_000,
  );
});

test("a run whose own step takes its worker down is parked when it was alone there three times", async () => {
  const site = await rig.up("dies");
  const service = keptUp(site, "d-run");
  await until(async () => (await api<{ workflows: unknown[] }>(site, "/api/v1/workflows")).workflows.length > 0);
  const { run } = await api<{ run: Shown }>(site, "/api/v1/workflows/dies/runs", { input: null });
  const parked = await until(async () => {
    const { run: now } = await api<{ run: Shown }>(site, `/api/v1/runs/${run.id}`);
    return now.error?.code === "poison" && now;
  });
  expect(parked.status).toBe("waiting");
  expect(parked.error?.message).toStartWith("The run took its worker down 3 times, the last time alone: d-run: ");
  expect(service.deaths()).toHaveLength(3);
  service.end();
  expect(await stop(site.running)).toBe(0);
}, 60_000);

/** A certificate that signs itself, for these names. */
function certificate(name: string, names: string): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(work, `${name}.crt`), join(work, `${name}.key`)];
  const made = Bun.spawnSync(
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
      .split(" ")
      .concat("-subj", `/CN=${name}`, "-addext", `subjectAltName=${names}`, "-keyout", key, "-out", cert),
    { stderr: "pipe" },
  );
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return { cert, key };
}

describe("a worker over tls://", () => {
  test("works for a server whose certificate it trusts, and tells nobody else its token", async () => {
    const [own, other] = [certificate("own", "DNS:localhost"), certificate("other", "DNS:localhost")];
    const site = await rig.up("tls", ["--worker-tls-cert", own.cert, "--worker-tls-key", own.key]);
    const { workerPort: port } = site;
    const refused = [
      { id: "unknown-authority", over: `tls://localhost:${port}`, more: ["--ca", other.cert] },
      { id: "no-authority", over: `tls://localhost:${port}`, more: [] },
      { id: "another-name", over: `tls://127.0.0.1:${port}`, more: ["--ca", own.cert] },
      { id: "in-the-clear", over: `127.0.0.1:${port}`, more: [] },
    ];
    const strangers = await Promise.all(refused.map((each) => rig.start(site, { ...each, project })));
    // Each has been turned away more than once: they try again and again, and are never let in.
    await until(() => strangers.every(({ stderr }) => stderr().split("not connected").length > 2));
    const good = { id: "good", project, over: `tls://localhost:${port}`, more: ["--ca", own.cert] };
    const worker = await rig.worker(site, good);
    const { workers } = await api<{ workers: { id: string }[] }>(site, "/api/v1/workers");
    expect(workers.map(({ id }) => id)).toContain("good");
    for (const { id } of refused) expect(workers.map((each) => each.id)).not.toContain(id);
    expect(strangers.map(({ stderr }) => stderr().includes("connected\n"))).toEqual([false, false, false, false]);
    expect(strangers[0]?.stderr()).toMatch(/certificate/i);
    expect(strangers[2]?.stderr()).toMatch(/altnames|hostname|ERR_TLS_CERT/i);
    const gate = join(work, "tls.gate");
    writeFileSync(gate, "");
    expect(await ended(site, await begin(site, "patient", gate))).toMatchObject({ output: "did it" });
    for (const each of strangers) each.child.kill("SIGKILL");
    worker.child.kill("SIGTERM");
    expect(await worker.exited).toBe(0);
    expect(await stop(site.running)).toBe(0);
  }, 60_000);
});
