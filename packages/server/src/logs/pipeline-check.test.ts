import { expect, test } from "bun:test";
import { checkPipelines } from "./pipeline-check.ts";

test("a pipeline whose filter or expression cannot be read is named", () => {
  const good = { steps: [{ drop: "level:debug" }, { redact: String.raw`\d+` }] };
  expect(() => checkPipelines([good])).not.toThrow();
  for (const step of [{ drop: "(" }, { drop: "a | limit 1" }, { redact: "(" }, { parse: "(" }]) {
    expect(() => checkPipelines([good, { steps: [step] }])).toThrow("logs.pipelines[1]");
  }
});
