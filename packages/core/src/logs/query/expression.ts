// Regular expressions of queries: RE2's syntax, in time that grows with the text and nothing else.
import { RE2JS } from "re2js";

export interface Expression {
  /** Whether it fits somewhere in the text. */
  readonly test: (text: string) => boolean;
  /** What its named groups took; undefined where it fits nowhere. */
  readonly groups: (text: string) => Readonly<Record<string, string>> | undefined;
  /** A text that stands in whatever it fits; empty where none is known. */
  readonly literal: string;
}

/** Throws for what RE2 does not take, backreferences among it. */
export function compileExpression(pattern: string): Expression {
  const compiled = RE2JS.compile(pattern);
  const names = Object.keys(compiled.namedGroups());
  return {
    test: (text) => compiled.matcher(text).find(),
    groups: (text) => {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      const found = Object.create(null) as Record<string, string>;
      for (const name of names) {
        const value = matcher.group(name);
        if (typeof value === "string") found[name] = value;
      }
      return found;
    },
    literal: literalOf(pattern),
  };
}

/** The longest run of plain characters, where the pattern is plain enough to be sure that it has to be there. */
function literalOf(pattern: string): string {
  if (/[|()?{]/.test(pattern)) return "";
  let longest = "";
  let run = "";
  const end = (): void => {
    if (run.length > longest.length) longest = run;
    run = "";
  };
  for (let i = 0; i < pattern.length; i++) {
    const sign = pattern[i] ?? "";
    const next = pattern[i + 1] ?? "";
    if (sign === "[") {
      end();
      const close = pattern.indexOf("]", i + 2);
      if (close === -1) return "";
      i = close;
    } else if (sign === "\\") {
      end();
      if (next === "Q") return "";
      i++;
      // Of a property or a number in hexadecimal more characters follow.
      if (/[pPx0-9]/.test(next)) return "";
    } else if (/[.^$*+]/.test(sign)) end();
    else {
      // What may be missing is not sure to be there.
      if (next === "*") end();
      else run += sign;
      if (next === "+") end();
    }
  }
  end();
  return longest;
}
