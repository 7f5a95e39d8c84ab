// The one suite of the store port: every adapter runs all of it.
import { appendingSuite } from "./run-store.appending.suite.ts";
import { crossingSuite } from "./run-store.crossing.suite.ts";
import { endingSuite } from "./run-store.ending.suite.ts";
import type { MakeStore } from "./run-store.fixture.suite.ts";
import { keepingSuite } from "./run-store.keeping.suite.ts";
import { listingSuite } from "./run-store.listing.suite.ts";
import { operatingSuite } from "./run-store.operating.suite.ts";
import { sharingSuite } from "./run-store.sharing.suite.ts";
import { startingSuite } from "./run-store.starting.suite.ts";
import { waitingSuite } from "./run-store.waiting.suite.ts";

export type { MakeStore } from "./run-store.fixture.suite.ts";

/** Registers the tests of the port for one adapter; `makeStore` opens an empty store for each of them. */
export function runStoreSuite(name: string, makeStore: MakeStore): void {
  startingSuite(name, makeStore);
  appendingSuite(name, makeStore);
  waitingSuite(name, makeStore);
  sharingSuite(name, makeStore);
  operatingSuite(name, makeStore);
  endingSuite(name, makeStore);
  keepingSuite(name, makeStore);
  listingSuite(name, makeStore);
  crossingSuite(name, makeStore);
}
