import { expect, test } from "bun:test";
import { ada, approval, start } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("comments are numbered within their approval, and name who wrote them", () => {
  bench.on.hot("r1");
  bench.on.append("r1", approval(0, "t1"), approval(1, "t2"));
  const write = (token: string, name?: string) =>
    bench.on.verb("commentApproval", {
      by: name === undefined ? ada : { ...ada, origin: { name } },
      token,
      text: "x",
      limit: 9,
      now: start,
    });
  expect(write("t1", "Ada")).toEqual({ outcome: "ok", run: "r1", no: 1 });
  expect(write("t1")).toEqual({ outcome: "ok", run: "r1", no: 2 });
  expect(write("t2")).toEqual({ outcome: "ok", run: "r1", no: 1 });
  expect(bench.on.column("SELECT coalesce(by_name, '-') FROM approval_comments ORDER BY grp, no")).toEqual([
    "Ada",
    "-",
    "-",
  ]);
});
