// Figures: good, bad or none, through the cluster's own API or at a URL.
import { expect, test } from "bun:test";
import { doubleBench, fetchTransport } from "../double/bench.suite.ts";
import { HastyClock } from "../memory-ports.suite.ts";
import { check } from "./queries.ts";

const vector = (...values: readonly string[]) => ({
  status: "success",
  data: { resultType: "vector", result: values.map((value) => ({ value: [1, value] })) },
});

test.each([
  [vector("0.5"), "good"],
  [vector("2"), "bad"],
  [vector("-1"), "bad"],
  [vector(), "none"],
  [vector("NaN"), "none"],
  [{ data: { resultType: "scalar", result: [1, "0.5"] } }, "good"],
])("%j is %s", async (body, outcome) => {
  await using bench = doubleBench();
  let asked = "";
  bench.double.fault = ({ path, query }) => {
    asked = `${path} ${query.get("query")}`;
    return Response.json(body);
  };
  const queries = { resources: bench.resources, transport: fetchTransport, clock: new HastyClock() };
  const found = await check({ name: "errors", query: "sum(x)", min: 0, max: 1 }, "monitoring/prometheus:9090", queries);
  expect(found).toMatchObject({ ok: true, value: { outcome } });
  expect(asked).toBe("/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/query sum(x)");
});

test("at a URL, a refusal says why, and silence is no figure", async () => {
  await using bench = doubleBench();
  using server = Bun.serve({
    port: 0,
    fetch: (request) =>
      new URL(request.url).searchParams.get("query") === "("
        ? Response.json({ error: "parse error" }, { status: 400 })
        : Response.json(vector("1")),
  });
  const queries = { resources: bench.resources, transport: fetchTransport, clock: new HastyClock() };
  const ask = (query: string, where = server.url.href) => check({ name: "n", query }, where, queries);
  expect(await ask("up")).toMatchObject({ value: { outcome: "good", value: 1 } });
  expect(await ask("(")).toMatchObject({ error: { message: expect.stringContaining("parse error") } });
  expect(await ask("up", "http://127.0.0.1:1")).toMatchObject({ error: { code: "cluster_unreachable" } });
});
