// The table of the API is generated: it has to be what the contract says now.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { formattedApiTable } from "../generate-api.ts";

test("the table of the API is as new as the contract (generate-api.ts makes it)", async () => {
  expect(await Bun.file(join(import.meta.dir, "api-table.ts")).text()).toBe(await formattedApiTable());
});
