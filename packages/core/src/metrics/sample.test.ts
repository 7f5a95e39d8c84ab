import { describe, expect, test } from "bun:test";
import { metricLimits } from "./limits.ts";
import { checkLabels, labelName, labelsOfKey, metricName, seriesKey } from "./sample.ts";

describe("labels", () => {
  test("are the same series in any order", () => {
    const key = seriesKey({ b: "2", __name__: "x", a: "1" });
    expect(key).toBe(seriesKey({ a: "1", b: "2", __name__: "x" }));
    expect(labelsOfKey(key)).toEqual({ __name__: "x", a: "1", b: "2" });
  });

  test("that Prometheus would not take are refused", () => {
    const check = (labels: Record<string, string>) => () => checkLabels(labels, metricLimits);
    expect(check({ __name__: "ok:name_1", l: "any é" })).not.toThrow();
    expect(check({ __name__: "no-name" })).toThrow("no name of a metric");
    expect(check({})).toThrow("no name of a metric");
    expect(check({ __name__: "a", "b-c": "" })).toThrow("no name of a label");
    expect(check({ __name__: "a", b: "x".repeat(5_000) })).toThrow("longer than 4096");
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, ""]));
    expect(check({ __name__: "a", ...many })).toThrow("more than 64 labels");
  });

  test("are made of names of others", () => {
    expect([metricName("http.server-duration"), metricName("1x"), labelName("k8s.pod:name")]).toEqual([
      "http_server_duration",
      "_1x",
      "k8s_pod_name",
    ]);
  });
});
