// Finds the calls a workflow's source spells out: `ctx.step("charge", …)` and its like, by their literal names.

export interface ScannedCall {
  readonly kind: string;
  /** As it is written; a template literal with its placeholders. */
  readonly name: string;
  /** From 1. */
  readonly line: number;
  readonly branches: readonly string[];
  /** True for a name that this call can have. */
  fits(name: string): boolean;
}

/** Kinds of journal entries by the word that asks for them. */
const kinds: Readonly<Record<string, string>> = {
  step: "step",
  sleep: "sleep",
  sleepUntil: "sleep",
  waitFor: "event",
  approve: "approval",
  token: "token",
  call: "call",
  start: "start",
  emit: "emit",
  lock: "lock",
  patched: "patched",
};

const callPattern = /\.(\w+)\s*(?:<[^()]*>)?\(\s*(["'`])((?:\\.|(?!\2)[^\\])*)\2\s*([,)])/g;

/** The calls in a piece of source, in its order; comments are none. */
export function scanCalls(source: string): readonly ScannedCall[] {
  const code = withoutComments(source);
  const found: ScannedCall[] = [];
  for (const match of code.matchAll(callPattern)) {
    const [, word = "", quote, name = "", next] = match;
    const kind = Object.hasOwn(kinds, word) ? kinds[word] : undefined;
    // A sleep of one word has a duration and no name.
    if (kind === undefined || (kind === "sleep" && next === ")")) continue;
    const line =
      code.slice(0, match.index).split("\n").length + (match[0].split(quote ?? "")[0]?.split("\n").length ?? 1) - 1;
    const template = quote === "`" && name.includes("${");
    const pattern = template ? templatePattern(name) : undefined;
    found.push({
      kind,
      name,
      line,
      branches: kind === "approval" ? ["approved", "denied"] : [],
      fits: (given) => given === name || pattern?.test(given) === true,
    });
  }
  return found;
}

function templatePattern(template: string): RegExp {
  const parts = template.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^]*")}$`);
}

/** Strings stay, comments become spaces of the same lines. */
function withoutComments(source: string): string {
  const pattern = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[^]*?\*\/|\/\/[^\n]*/g;
  return source.replace(pattern, (all, text: string | undefined) => text ?? all.replace(/[^\n]/g, " "));
}
