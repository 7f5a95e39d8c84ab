// Reads the JUnit reports that `bun test` and `node --test` write: the one form of their results meant for machines.

export interface TestCase {
  /** The describe blocks and the test's name, joined by ` › `. */
  name: string;
  outcome: "passed" | "failed" | "skipped";
  /** Why it failed or was skipped, where the report says so. */
  message: string | undefined;
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, code: string) => {
    if (!code.startsWith("#")) return ENTITIES[code] ?? whole;
    return String.fromCodePoint(Number(code.replace("#x", "0x").replace("#", "")));
  });
}

function attribute(attributes: string, name: string): string | undefined {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1];
  return value === undefined ? undefined : unescape(value);
}

/** Every test case of a report, in order. Text that is no report yields none. */
export function parseJunit(xml: string): TestCase[] {
  return Array.from(
    xml.matchAll(/<testcase\b((?:\s+[\w:-]+="[^"]*")*)\s*(?:\/>|>([\s\S]*?)<\/testcase>)/g),
    (match) => {
      const [, attributes = "", body = ""] = match;
      // Node writes classname="test" for every case.
      const classname = attribute(attributes, "classname") ?? "";
      const suites = classname === "test" ? [] : classname.split(" > ").filter((suite) => suite !== "");
      const verdict = /<(failure|error|skipped)\b((?:\s+[\w:-]+="[^"]*")*)/.exec(body);
      return {
        name: [...suites, attribute(attributes, "name") ?? "(unnamed)"].join(" › "),
        outcome: verdict === null ? "passed" : verdict[1] === "skipped" ? "skipped" : "failed",
        message: verdict === null ? undefined : attribute(verdict[2] ?? "", "message"),
      };
    },
  );
}
