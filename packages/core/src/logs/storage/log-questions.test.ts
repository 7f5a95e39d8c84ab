import { expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/index.ts";
import { logLimits } from "../limits.ts";
import { parseQuery } from "../query/parse.ts";
import { batchOf, entry, noonMs } from "./entries.fixture.suite.ts";
import { LogFolder } from "./folder.fixture.suite.ts";
import { LogQuestions } from "./log-questions.ts";
import { Readers } from "./readers.ts";

test("a question is held to the limits, whatever it asks for", async () => {
  using folder = new LogFolder();
  const files = folder.open();
  files.append([batchOf([entry(), entry(), entry()])], noonMs);
  const limits = { ...logLimits, logQueryRowsMax: 2 };
  const readers = new Readers({
    clock: new SimulatedClock(noonMs),
    limits: { threadsMax: 1, waitingMax: 1, idleMs: 1_000 },
  });
  const place = { kind: "folder" as const, path: folder.path };
  const questions = new LogQuestions({ readers, limits, folder: folder.path, place });
  const asked = { tenant: "default", query: parseQuery("*", noonMs) };
  expect((await questions.query({ ...asked, rowsMax: 99 })).entries).toHaveLength(2);
  expect((await questions.query({ ...asked, rowsMax: 1 })).entries).toHaveLength(1);
  const ended = AbortSignal.abort();
  expect(await questions.query({ ...asked, signal: ended })).toMatchObject({ partial: "cancelled" });
  readers.close();
  files.close();
});
