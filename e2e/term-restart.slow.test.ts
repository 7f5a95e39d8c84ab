// Terminals of the shipped server outlive it: killed, stopped or replaced, the next one has the same shells with the same screens.
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCast } from "@sluice/protocol/asciicast";
import { decodeTerminalFrame, encodeTerminalFrame } from "@sluice/protocol/terminal-frames";
import { readyLine, startSluice, stop } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { writeProject } from "./server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-term-restart-"));
const project = join(work, "shop");
let server: Running | undefined;
let url = "";

afterAll(async () => {
  if (server !== undefined) await stop(server);
  rmSync(work, { recursive: true, force: true });
});

async function start(...more: readonly string[]): Promise<Running> {
  const args = ["up", "--project", project, "--port", "0", "--no-auth", "--json", ...more];
  server = startSluice(args, { env: { SLUICE_LIMITS_TERMINAL_ORPHANED_MS: "60000" } });
  ({ url } = await readyLine(server));
  return server;
}

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly pid: number;
  readonly exitCode: number | null;
  readonly outputBytes: number;
  readonly name: string;
  readonly cols: number;
}

async function call<T>(path: string, method = "GET", body?: object): Promise<T> {
  const answer = await fetch(`${url}/api/v1/terminals${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  if (answer.status === 204) return undefined as T;
  const type = answer.headers.get("content-type") ?? "";
  return (type.startsWith("application/json") ? answer.json() : answer.text()) as Promise<T>;
}

const type = (id: string, text: string): Promise<unknown> => call(`/${id}/input`, "POST", { text });

async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    await Bun.sleep(20);
  }
}

const screen = (id: string, has: string): Promise<string> =>
  until(
    () => call<string>(`/${id}/text`),
    (text) => text.includes(has),
  );

/** What a viewer is sent that has seen so much already. */
async function resumed(
  id: string,
  from: { readonly offset: number; readonly mark: number },
  has: string,
): Promise<string> {
  const socket = new WebSocket(
    `${url.replace("http", "ws")}/api/v1/terminals/${id}/socket?role=viewer&offset=${from.offset}&mark=${from.mark}`,
  );
  socket.binaryType = "arraybuffer";
  let output = "";
  const over = Promise.withResolvers<string>();
  socket.addEventListener("message", ({ data }) => {
    const frame = decodeTerminalFrame(new Uint8Array(data as ArrayBuffer));
    if (frame.type === "snapshot") over.reject(new Error("it was sent the screen"));
    if (frame.type === "output") {
      output += new TextDecoder().decode(frame.bytes);
      socket.send(encodeTerminalFrame({ type: "ack", offset: from.offset + output.length }));
    }
    if (output.includes(has)) over.resolve(output);
  });
  const text = await over.promise;
  socket.close();
  return text;
}

test("a killed server's terminals are there again: the same shell, the same screen, nothing lost or doubled", async () => {
  writeProject(project, {
    "workflows/shop.ts": `
import { workflow } from "sluice";

export const idle = workflow({ name: "idle" }, async () => 1);
`,
  });
  const first = await start();
  const made = { command: ["sh"], env: { PS1: "$ ", A_TOKEN: "never-shown-1234" }, name: "mine", record: "output" };
  const { terminal } = await call<{ terminal: Shown }>("", "POST", made);
  const { id, pid } = terminal;
  const ended = await call<{ terminal: Shown }>("", "POST", { command: ["sh", "-c", "echo over; exit 3"] });
  await type(id, "marker=$((40+2)); seq 300\r");
  await screen(id, "\n300\n");
  await call(`/${id}/resize`, "POST", { cols: 100, rows: 30 });
  await type(id, "stty size\r");
  const before = await screen(id, "30 100\n$");
  const { outputBytes } = (await call<{ terminal: Shown }>(`/${id}`)).terminal;
  // Words that are written while nobody is there.
  await type(id, "(sleep 0.5; echo; echo spoken; echo $((5000+432))) &\r");
  const place = await until(
    () => call<{ readonly offset: number; readonly mark: number }>(`/${id}/snapshot`),
    ({ offset }) => offset > outputBytes,
  );
  first.kill("SIGKILL");
  await first.exited;
  expect(readFileSync(`/proc/${pid}/comm`, "utf8")).toBe("sh\n");

  const second = await start();
  const { terminals } = await call<{ terminals: readonly Shown[] }>("");
  expect(terminals.find((each) => each.id === id)).toMatchObject({ pid, name: "mine", status: "running", cols: 100 });
  const over = await until(
    () => call<{ terminal: Shown }>(`/${ended.terminal.id}`),
    (one) => one.terminal.status === "exited",
  );
  expect(over.terminal.exitCode).toBe(3);
  const after = await screen(id, "\n5432");
  expect(after.startsWith(before.trimEnd())).toBeTrue();
  expect(after.match(/^spoken$/gm)).toHaveLength(1);
  expect(after.match(/^\d+$/gm)).toHaveLength(301);
  const rest = await resumed(id, place, "5432\r\n");
  expect(rest.match(/spoken\r\n/g)).toHaveLength(1);
  expect(rest).not.toContain("300");
  await type(id, "echo marker $marker\r");
  await screen(id, "marker 42");

  // Stopped and started.
  expect(await stop(second)).toBe(0);
  expect(second.stderr()).toContain("terminals go on without the server");
  const third = await start();
  await type(id, "echo still $marker\r");
  await screen(id, "still 42");

  // Replaced while it serves.
  await start("--replace");
  await third.exited;
  await type(id, "echo again $marker\r");
  const last = await screen(id, "again 42");
  expect(last.match(/^\d+$/gm)).toHaveLength(301);

  // Its recording has all of that once, and no secret that only the first server was told.
  await type(id, "echo $A_TOKEN; exit\r");
  await until(
    () => call<{ terminal: Shown }>(`/${id}`),
    (one) => one.terminal.status === "exited",
  );
  const recording = readFileSync(join(project, `.sluice/recordings/${id}.cast`), "utf8");
  const shown = (parseCast(recording)?.events ?? []).map(({ code, data }) => (code === "o" ? data : "")).join("");
  expect(shown.match(/^\d+\r$/gm)).toHaveLength(301);
  for (const said of ["spoken", "still 42", "again 42"]) expect(shown.split(`\n${said}`)).toHaveLength(2);
  expect(shown).toContain("****************");
  expect(recording).not.toContain("never-shown");

  for (const each of [id, ended.terminal.id]) await call(`/${each}`, "DELETE");
  await until(
    async () => readdirSync("/proc").includes(String(pid)),
    (isThere) => !isThere,
  );
});
