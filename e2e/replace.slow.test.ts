import { test } from "bun:test";
import { replaceUnderLoad } from "./replace-rig.suite.ts";

test("500 requests a second are answered through five replacements in a row, none fails, and every run is executed once", async () => {
  await replaceUnderLoad({ times: 5, perSecond: 500 });
}, 300_000);
