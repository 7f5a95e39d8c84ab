// What a flow has of the engine's services and secrets: started by the worker, checked, kept out of the journal.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { action, defineService, secret } from "@sluice/sdk";
import { z } from "zod";
import { makeProgram } from "./program-fixture.suite.ts";
import type { TestProgram } from "./program-fixture.suite.ts";

let program: TestProgram;
let cronflow: TestProgram["cronflow"];

beforeEach(() => {
  program = makeProgram();
  ({ cronflow } = program);
});
afterEach(async () => program[Symbol.asyncDispose]());

describe("flows", () => {
  test("call services that defineService made, and read references; what they give is kept out of the journal", async () => {
    const path = join(program.folder, "key");
    await writeFile(path, "hush-hush-hush\n");
    const signals: boolean[] = [];
    const mail = defineService({
      id: "mail",
      auth: z.object({ key: z.string() }),
      setup: ({ auth, onStop }) => {
        onStop(() => signals.push(true));
        return {
          send: action({
            input: z.object({ to: z.email() }),
            run: ({ to }, step) => `to ${to} with ${auth.key}, attempt ${step.attempt}`,
          }),
          slow: action({ timeout: "5ms", run: (_input: undefined, step) => once(step.signal, "abort") }),
        };
      },
    });
    const services = [mail.withConfig({ auth: { key: secret(path, { from: "file" }) } })];
    cronflow
      .define({ id: "native", services, secrets: { KEY: secret(path, { from: "file" }) } })
      .step("send", async (c) => [await c.services["mail"].send({ to: "ada@example.com" }), await c.secrets.get("KEY")])
      .step("wrong", (c) => c.services["mail"].send({ to: "nobody" }))
      .onError((c) => c.error?.message)
      .step("late", (c) => c.services["mail"].slow())
      .onError((c) => c.error?.message)
      .step("none", (c) => c.services["mail"].fly())
      .onError((c) => [c.steps["send"]?.output, c.steps["wrong"]?.output, c.steps["late"]?.output, c.error?.message]);
    await program.start();
    const run = await program.run("native");
    expect(run.output).toEqual([
      ["to ada@example.com with **************, attempt 1", "**************"],
      expect.stringContaining("The input of mail.send is not valid"),
      "mail.slow took longer than 5 ms.",
      "The service mail has no action fly.",
    ]);
    expect(JSON.stringify(run)).not.toContain("hush-hush");
    await cronflow.stop();
    expect(signals).toEqual([true]);
  });

  test("a hook of a run that has failed cannot call a service, and is told so", async () => {
    const said: string[] = [];
    const mail = defineService({ id: "mail", setup: () => ({ send: () => "sent" }) });
    const say = async (c: {
      readonly services: Readonly<Record<string, { send(): Promise<unknown> }>>;
    }): Promise<void> =>
      void said.push(String(await c.services["mail"]?.send().catch((error: unknown) => (error as Error).message)));
    cronflow
      .define({ id: "hooked", services: { mail: mail.withConfig() }, hooks: { onFailure: say } })
      .step("fail", () => {
        throw new Error("no");
      });
    await program.start();
    expect((await program.run("hooked")).status).toBe("failed");
    expect(said).toContain("A hook of a run that has ended cannot call the service mail; call it in a step.");
  });
});
