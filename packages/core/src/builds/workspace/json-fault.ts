// Where a text stops being JSON: the parser of the runtime does not say.
// The grammar: RFC 8259.

const token =
  // eslint-disable-next-line no-control-regex -- control characters end a text
  /[\s]*(?:("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([{}[\],:]))/y;

type Expected = "value" | "valueOrEnd" | "key" | "keyOrEnd" | "colon" | "commaOrEnd" | "nothing";

function afterValue(open: readonly string[]): Expected {
  return open.length === 0 ? "nothing" : "commaOrEnd";
}

/** Line from 1 of the first thing that is not JSON; undefined where all of it is. */
export function jsonFaultLine(text: string): number | undefined {
  const open: string[] = [];
  let expected: Expected = "value";
  let at = 0;
  const fault = (): number => text.slice(0, at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0)).split("\n").length;
  for (;;) {
    if (text.slice(at).trim() === "") return expected === "nothing" ? undefined : fault();
    token.lastIndex = at;
    const [whole, quoted, number, word, sign] = token.exec(text) ?? [];
    if (whole === undefined) return fault();
    const isValue = quoted !== undefined || number !== undefined || word !== undefined;
    if (quoted !== undefined && (expected === "key" || expected === "keyOrEnd")) expected = "colon";
    else if (isValue && (expected === "value" || expected === "valueOrEnd")) expected = afterValue(open);
    else if ((sign === "{" || sign === "[") && (expected === "value" || expected === "valueOrEnd")) {
      open.push(sign);
      expected = sign === "{" ? "keyOrEnd" : "valueOrEnd";
    } else if (sign === ":" && expected === "colon") expected = "value";
    else if (sign === "," && expected === "commaOrEnd") expected = open.at(-1) === "{" ? "key" : "value";
    else if (sign === "}" && open.at(-1) === "{" && (expected === "keyOrEnd" || expected === "commaOrEnd")) {
      open.pop();
      expected = afterValue(open);
    } else if (sign === "]" && open.at(-1) === "[" && (expected === "valueOrEnd" || expected === "commaOrEnd")) {
      open.pop();
      expected = afterValue(open);
    } else return fault();
    at += whole.length;
  }
}
