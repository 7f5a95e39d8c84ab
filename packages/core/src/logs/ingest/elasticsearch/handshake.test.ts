import { expect, test } from "bun:test";
import { elasticAnswer, elasticHeaders } from "./handshake.ts";

test("what clients of Elasticsearch ask first has an answer, what logs do not need has none", () => {
  expect(elasticAnswer("GET", "/")?.body).toMatchObject({ version: { number: "8.19.0" } });
  expect(elasticAnswer("HEAD", "")?.status).toBe(200);
  expect(elasticAnswer("GET", "/_license")?.body).toMatchObject({ license: { status: "active" } });
  expect(elasticAnswer("GET", "/_cluster/health")?.body).toMatchObject({ status: "green" });
  expect(elasticAnswer("GET", "/_cat/health")?.body).toMatchObject([{ status: "green" }]);
  expect(elasticAnswer("GET", "/_nodes/http")?.body).toMatchObject({ nodes: {} });
  expect(elasticAnswer("GET", "/_xpack")?.status).toBe(200);
  expect(elasticAnswer("PUT", "/_index_template/logs")?.body).toEqual({ acknowledged: true });
  expect(elasticAnswer("GET", "/_ilm/policy")?.body).toEqual({});
  expect(elasticAnswer("HEAD", "/logs-a")?.status).toBe(200);
  expect(elasticAnswer("PUT", "/logs-a")?.body).toMatchObject({ acknowledged: true, index: "logs-a" });
  expect(elasticAnswer("POST", "/logs-a/_search")).toBeUndefined();
  expect(elasticAnswer("POST", "/_search")).toBeUndefined();
  expect(elasticHeaders["x-elastic-product"]).toBe("Elasticsearch");
});
