import { expect, test } from "bun:test";
import { waveAnnotation, waveOf } from "./waves.ts";

const of = (kind: string, annotations: Record<string, string> = {}) =>
  waveOf({ apiVersion: "v1", kind, metadata: { name: "a", annotations } });

test("what others stand on comes first, what nobody has placed with the workloads, and a number decides", () => {
  expect(
    ["Namespace", "CustomResourceDefinition", "Secret", "Deployment", "Whatever", "Ingress"].map((kind) => of(kind)),
  ).toEqual([0, 0, 1, 2, 2, 3]);
  expect([of("Deployment", { [waveAnnotation]: "-5" }), of("Deployment", { [waveAnnotation]: "soon" })]).toEqual([
    -5, 2,
  ]);
});
