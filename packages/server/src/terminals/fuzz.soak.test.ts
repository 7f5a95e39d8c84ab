import { expect, test } from "bun:test";
import { fuzzTerminals } from "./fuzz.suite.ts";

const minuteMs = 60_000;
/** Minutes of it; fewer by FUZZ_MINUTES. */
const minutes = Number(process.env["FUZZ_MINUTES"] ?? 30);
/** Beyond what came of the first rounds: room for what a process keeps for itself, none for a leak of so many messages. */
const grownBytesMax = 64 * 1024 * 1024;

test(
  "half an hour of anything that viewers may send finds no crash, no leak and no byte of another terminal",
  async () => {
    const until = performance.now() + minutes * minuteMs;
    const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31);
    // A failure is played again with this.
    console.log(`FUZZ_SEED=${seed}`);
    const { messages, rssBytes } = await fuzzTerminals({ seed, isOver: () => performance.now() >= until });
    console.log(`${messages} messages, ${rssBytes.join(" then ")} bytes of memory`);
    expect(rssBytes[1] - rssBytes[0]).toBeLessThan(grownBytesMax);
  },
  (minutes + 10) * minuteMs,
);
