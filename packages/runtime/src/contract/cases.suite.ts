// All cases of the contract, in order.

import { capabilityCases } from "./capabilities.suite.ts";
import type { Test, World } from "./case.suite.ts";
import { cryptoCases } from "./crypto.suite.ts";
import { ffiCases } from "./ffi.suite.ts";
import { fsCases } from "./fs.suite.ts";
import { httpCases } from "./http.suite.ts";
import { injectionCases } from "./injection.suite.ts";
import { processCases } from "./process.suite.ts";
import { shellCases } from "./shell.suite.ts";
import { socketCases } from "./sockets.suite.ts";
import { sqliteCases } from "./sqlite.suite.ts";
import { stateCases } from "./state.suite.ts";
import { transportCases } from "./transport.suite.ts";

export interface Case {
  readonly name: string;
  readonly body: (world: World) => void | Promise<void>;
}

/** Every case, each with its own name. */
export function contractCases(): readonly Case[] {
  const cases: Case[] = [];
  const test: Test = (name, body) => void cases.push({ name, body });
  for (const declare of [
    capabilityCases,
    fsCases,
    processCases,
    httpCases,
    socketCases,
    cryptoCases,
    sqliteCases,
    shellCases,
    injectionCases,
    ffiCases,
    transportCases,
    stateCases,
  ])
    declare(test);
  return cases;
}
