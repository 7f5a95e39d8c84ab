// The tables of the API are generated: they have to be what the contract says now.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { formattedApiFiles } from "../generate-api.ts";

test("the tables of the API are as new as the contract (generate-api.ts makes them)", async () => {
  for (const [name, text] of await formattedApiFiles()) {
    expect(await Bun.file(join(import.meta.dir, name)).text()).toBe(text);
  }
});
