import { expect, test } from "bun:test";
import { decodeErrorValue, SluiceError } from "@sluice/protocol";
import type { EngineToWorker } from "@sluice/protocol";
import { Deployments } from "./deployments.ts";
import { Revealing } from "./revealing.ts";

function desk(read?: (name: string) => Promise<string | undefined>) {
  const sent: (readonly [string, EngineToWorker])[] = [];
  const deployments = new Deployments();
  const revealing = new Revealing(
    { deployments, send: (worker, message) => void sent.push([worker, message]) },
    read === undefined ? undefined : { read: ({ name }) => read(name) },
  );
  return { sent, deployments, revealing };
}
const ask = { type: "reveal", request: "s1", name: "a" } as const;

test("a value goes to whoever asked and to nobody else", async () => {
  const { sent, revealing } = desk(async (name) => `value of ${name}`);
  await revealing.reveal("w1", ask);
  expect(sent).toEqual([["w1", { type: "revealed", request: "s1", value: "value of a" }]]);
});

test("where there is none, or no store at all, the answer has neither value nor error", async () => {
  for (const { sent, revealing } of [desk(async () => undefined), desk()]) {
    await revealing.reveal("w1", ask);
    expect(sent).toEqual([["w1", { type: "revealed", request: "s1" }]]);
  }
});

test("a secret that cannot be opened is an answer too", async () => {
  const { sent, revealing } = desk(async () => {
    throw new SluiceError({ code: "secret_unreadable", message: "no key" });
  });
  await revealing.reveal("w1", ask);
  const [, answer] = sent[0] ?? [];
  if (answer?.type !== "revealed" || answer.error === undefined) throw new Error("no error was sent");
  expect(decodeErrorValue(answer.error)).toMatchObject({ code: "secret_unreadable" });
});

test("a change is told to every worker", () => {
  const { sent, deployments, revealing } = desk();
  for (const id of ["w1", "w2"]) {
    deployments.add({ link: { id, send: () => undefined }, version: "v", workflows: new Map(), quarantine: false });
  }
  revealing.changed(["a"]);
  expect(sent).toEqual(["w1", "w2"].map((id) => [id, { type: "refresh", secrets: ["a"] }]));
});
