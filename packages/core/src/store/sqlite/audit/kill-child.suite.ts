// A program that changes things on somebody's behalf without end, notes what was acknowledged, and is killed.
import { appendFileSync } from "node:fs";
import { outside } from "../../audit-log.fixture.suite.ts";
import { newToken, newUser } from "../../identity-store.fixture.suite.ts";
import { start, value } from "../../run-store.fixture.suite.ts";
import { newRun, unexpected } from "../sqlite-store.fixture.suite.ts";
import { openSqliteStore } from "../sqlite-run-store.ts";

const [file = "", ledger = "", round = ""] = process.argv.slice(2);
const lanes = 16;
const by = outside;
const store = await openSqliteStore({ file, onFatal: unexpected });

/** Each in turn; what it changed is found under the id. */
const changes: readonly ((id: string) => Promise<string>)[] = [
  async (id) => {
    await store.createRun({ by, run: newRun(id), now: start });
    return `run:${id}`;
  },
  async (id) => {
    await store.setState({ by, scope: "global", key: id, value: value(1), now: start });
    return `state:global/${id}`;
  },
  async (id) => {
    await store.identity.createUser({ by, user: newUser(id) });
    return `user:${id}`;
  },
  async (id) => {
    await store.identity.createToken({ by, token: newToken(id) });
    return `token:${id}`;
  },
  async (id) => {
    await store.emitEvent({ by, name: id, payload: value(1), now: start });
    return `event:${id}`;
  },
];

async function work(lane: number): Promise<never> {
  for (let turn = 0; ; turn++) {
    const change = changes[turn % changes.length];
    const target = await change?.(`${round}-${lane}-${turn}`);
    appendFileSync(ledger, `${target}\n`);
  }
}

await Promise.all(Array.from({ length: lanes }, (_, lane) => work(lane)));
