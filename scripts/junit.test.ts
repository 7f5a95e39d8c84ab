// The report reader against what both runners write.

import { expect, test } from "bun:test";
import { parseJunit } from "./junit.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="4" failures="1" skipped="1">
  <testsuite name="a.test.ts" file="a.test.ts">
    <testcase name="good" classname="outer &gt; inner" time="0.000066" file="a.test.ts" line="2" assertions="1" />
    <testcase name="later" classname="outer" time="0" file="a.test.ts" line="2" assertions="0">
      <skipped message="no disk" />
    </testcase>
    <testcase name="bad &lt;x&gt; &amp; &quot;q&quot;" classname="" time="0.000316" file="a.test.ts">
      <failure type="AssertionError" message="Expected: 2&#10;Received: 1">at a.test.ts:3:68&#10;</failure>
    </testcase>
    <testcase name="last" classname="" time="0.3" file="a.test.ts" line="4" assertions="0" />
  </testsuite>
</testsuites>`;

test("parses outcomes, nested names and escapes", () => {
  expect(parseJunit(REPORT)).toEqual([
    { name: "outer › inner › good", outcome: "passed", message: undefined },
    { name: "outer › later", outcome: "skipped", message: "no disk" },
    { name: 'bad <x> & "q"', outcome: "failed", message: "Expected: 2\nReceived: 1" },
    { name: "last", outcome: "passed", message: undefined },
  ]);
});

test("a cut-off report yields the cases that are whole", () => {
  expect(parseJunit(REPORT.slice(0, REPORT.indexOf("<failure"))).map((found) => found.name)).toEqual([
    "outer › inner › good",
    "outer › later",
  ]);
  expect(parseJunit("")).toEqual([]);
});
