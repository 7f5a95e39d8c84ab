// The declared graph says what may follow what, in the ids of the journal: what a run did is on it.
import { describe, expect, test } from "bun:test";
import { testEngine } from "sluice/testing";
import { declaredGraph } from "./flow-graph.ts";
import { FlowWorkflow } from "./flow-workflow.ts";

function define(): FlowWorkflow {
  const host = {
    state: () => {
      throw new Error("no state in this test");
    },
    secret: () => Promise.reject(new Error("no secrets in this test")),
    mock: () => undefined,
  };
  return new FlowWorkflow({ definition: { id: "flow" }, host, now: () => new Date(0) });
}

const edgesOf = (flow: FlowWorkflow): string[] =>
  declaredGraph(flow.nodes).edges.map(({ from, to, parallel }) => `${from} → ${to}${parallel ? " (parallel)" : ""}`);

describe("a declared graph", () => {
  test("is a chain of steps; an action goes on beside it", () => {
    const flow = define()
      .step("a", () => 1)
      .action("beside", () => 2)
      .log("nothing of its own")
      .sleep("1m")
      .step("b", () => 3);
    expect(edgesOf(flow)).toEqual([
      "start → step:a",
      "step:a → step:beside (parallel)",
      "step:a → sleep:sleep",
      "sleep:sleep → step:b",
      "step:b → end",
    ]);
  });

  test("branches and comes together again; without an else a way leads past", () => {
    const flow = define()
      .if("large", () => true)
      .step("a", () => 1)
      .elseIf("middle", () => true)
      .cancel()
      .endIf()
      .step("after", () => 2);
    expect(edgesOf(flow)).toEqual([
      "start → step:large",
      "step:large → step:a",
      "step:large → step:middle",
      "step:middle → end",
      "step:a → step:after",
      "step:middle → step:after",
      "step:after → end",
    ]);
  });

  test("goes several ways at once, round, to other workflows and to waits", () => {
    const flow = define()
      .parallel([() => 1, () => 2])
      .while(
        "round",
        () => false,
        () => 1,
      )
      .subflow("other one", "child")
      .waitForEvent("paid")
      .humanInTheLoop()
      .forEach("each", [], (_item, inner) => inner.step("x", () => 1));
    expect(edgesOf(flow)).toEqual([
      "start → step:parallel[0] (parallel)",
      "start → step:parallel[1] (parallel)",
      "step:parallel[0] → step:round: condition",
      "step:parallel[1] → step:round: condition",
      "step:round: condition → step:round",
      "step:round → step:round: condition",
      "step:round: condition → call:child",
      "call:child → event:paid",
      "event:paid → token:human-in-the-loop",
      "token:human-in-the-loop → callback:human-in-the-loop",
      "callback:human-in-the-loop → step:each: items",
      "step:each: items → end",
    ]);
    expect(declaredGraph(flow.nodes).nodes.at(-1)).toMatchObject({ within: "each/" });
  });

  test("names what a journal holds", async () => {
    const flow = define()
      .step("a", () => true)
      .delay(1)
      .if("yes", (c) => c.last)
      .parallel([() => 1, () => 2])
      .endIf()
      .while(
        "round",
        (c) => c.last.length === 2,
        () => "done",
      )
      .sleep(1)
      .race([() => 1]);
    const engine = await testEngine({ workflows: [flow] });
    const run = await engine.start(flow);
    await engine.advance("1m");
    await run.result();
    const declared = new Set(declaredGraph(flow.nodes).nodes.map(({ id }) => id));
    const journal = (await run.steps())
      .filter(({ kind }) => kind !== "race")
      .map(({ kind, name }) => `${kind}:${name}`);
    expect(journal.filter((id) => !declared.has(id))).toEqual([]);
    expect(journal).toHaveLength(10);
    await engine.close();
  });
});
