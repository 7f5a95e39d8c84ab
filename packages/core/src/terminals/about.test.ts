import { describe, expect, test } from "bun:test";
import { aboutOf, aboutText } from "./about.ts";

describe("what is put beside a program", () => {
  test("is read as it was written", () => {
    const facts = {
      id: "term_1",
      command: ["sh", "-l"],
      cwd: undefined,
      runAs: undefined,
      by: "user:ada",
      createdAt: 1_000,
    };
    for (const record of ["nothing", "output", "output and input"] as const) {
      const about = {
        facts: {
          ...facts,
          cwd: record === "nothing" ? undefined : "/srv",
          runAs: record === "nothing" ? "ada" : undefined,
        },
        name: "mine",
        record,
        secrets: ["hunter2"],
      };
      expect(aboutOf({ id: "term_1", about: aboutText(about) })).toEqual(about);
    }
  });

  test("shows a program as unknown where somebody else wrote it", () => {
    for (const about of ["", "[]", "null", "{", '{"version":2,"command":["sh"]}'])
      expect(aboutOf({ id: "term_1", about })).toMatchObject({ facts: { id: "term_1", command: [] }, name: "unknown" });
  });
});
