// Output on its way into the store: few commits, bounded, in order, and an end that comes last.
import { expect, test } from "bun:test";
import type { BuildStore, NewBuildEvent } from "../kernel/build-store.ts";
import { BuildWriter } from "./build-writer.ts";

/** A store whose commits wait until they are let through. */
function slowStore() {
  const commits: { readonly events: readonly NewBuildEvent[]; readonly end: unknown; readonly done: () => void }[] = [];
  const store = {
    appendBuild: (p: { events: readonly NewBuildEvent[]; end: unknown }) =>
      new Promise((resolve) => {
        commits.push({ events: p.events, end: p.end, done: () => resolve({ outcome: "ok", build: {} }) });
      }),
  } as unknown as BuildStore;
  const writer = new BuildWriter({
    store,
    build: "b",
    epoch: 1,
    keepBytes: 1e9,
    pendingBytesMax: 100,
    now: () => 5,
    written: () => undefined,
  });
  return { commits, writer };
}

/** Everything that needs no time has happened. */
async function turn(): Promise<void> {
  for (let count = 0; count < 20; count++) await Promise.resolve();
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const said = (events: readonly NewBuildEvent[]): string[] =>
  events.map(({ kind, stream, bytes }) => `${kind} ${stream ?? ""} ${new TextDecoder().decode(bytes)}`);

test("what comes while a commit is under way is joined by stream and goes with the next one", async () => {
  const { commits, writer } = slowStore();
  void writer.output("stdout", text("a"));
  for (const letter of ["b", "c"]) void writer.output("stdout", text(letter));
  void writer.output("stderr", text("d"));
  void writer.output("stdout", text("e"));
  commits[0]?.done();
  await turn();
  expect(commits.map(({ events }) => said(events))).toEqual([
    ["output stdout a"],
    ["output stdout bc", "output stderr d", "output stdout e"],
  ]);
});

test("whoever brings too much waits until there is room, and large output is cut", async () => {
  const { commits, writer } = slowStore();
  expect(writer.output("stdout", text("a"))).toBeUndefined();
  const room = writer.output("stdout", new Uint8Array(150_000));
  let open = true;
  void room?.then(() => (open = false));
  await turn();
  expect([room === undefined, open]).toEqual([false, true]);
  commits[0]?.done();
  await turn();
  expect([open, commits[1]?.events.map(({ bytes }) => bytes?.length)]).toEqual([false, [65_536, 65_536, 18_928]]);
});

test("the end comes after everything that was said", async () => {
  const { commits, writer } = slowStore();
  void writer.output("stdout", text("a"));
  void writer.output("stdout", text("b"));
  const ended = writer.end({ status: "completed" });
  for (const at of [0, 1, 2]) {
    await turn();
    commits[at]?.done();
  }
  expect(await ended).toMatchObject({ outcome: "ok" });
  expect(commits.map(({ events, end }) => [said(events), end])).toEqual([
    [["output stdout a"], undefined],
    [["output stdout b"], undefined],
    [[], { status: "completed" }],
  ]);
});
