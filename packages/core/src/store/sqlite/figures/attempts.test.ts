import { expect, test } from "bun:test";
import { attemptsKeptMax } from "../../attempts.ts";
import { start, value } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";
import { attemptsSql } from "./attempts.ts";

const bench = withBench();

test("an attempt begins when the one before said, and the oldest go", () => {
  const { attempts } = bench.on.t;
  const put = (attempt: number): void =>
    attempts.put({
      run: "r1",
      seq: 0,
      attempt,
      firstAt: start,
      end: start + attempt,
      due: start + attempt * 10,
      error: value(1),
    });
  for (let attempt = 1; attempt <= attemptsKeptMax + 1; attempt++) put(attempt);
  const rows = bench.on.db.rows<{ attempt: number; at: number }>(attemptsSql, "r1");
  expect(rows.map(({ attempt, at }) => [attempt, at - start])).toEqual(
    Array.from({ length: attemptsKeptMax }, (_, index) => [index + 2, (index + 1) * 10]),
  );
  // The same attempt, made again after a crash, takes its own place.
  put(attemptsKeptMax + 1);
  expect(bench.on.db.rows(attemptsSql, "r1")).toHaveLength(attemptsKeptMax);
  attempts.delete("r1", 1);
  expect(bench.on.db.rows(attemptsSql, "r1")).toHaveLength(attemptsKeptMax);
  attempts.delete("r1", 0);
  expect(bench.on.db.rows(attemptsSql, "r1")).toEqual([]);
});
