// Browsers by the names people know.

import { expect, test } from "bun:test";
import { agentName } from "./agent-name.ts";

test.each([
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
    "Edge on Windows",
  ],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 Version/18 Safari/605.1", "Safari on macOS"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 CriOS/140 Safari/604", "Chrome on iOS"],
  ["sluice/0.1.0", "sluice/0.1.0"],
  ["", "Unknown"],
  [null, "Unknown"],
])("%p is %s", (agent, name) => {
  expect(agentName(agent)).toBe(name);
});
