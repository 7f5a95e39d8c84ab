// The lines that do in a shell what a form does here: quoted for sh, so that they can be pasted as they stand.
import type { Json } from "./json-value.ts";

/** A start as one asks for it; what is empty is left out. */
export interface StartRequest {
  readonly workflow: string;
  readonly input: Json | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly delay?: string | undefined;
  readonly priority?: number | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** A word of sh: as it is where nothing in it means something to a shell, else in single quotes (POSIX 2.2.2). */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Characters that a terminal or an eye takes for something else: written as escapes, which JSON has for all of them. */
const unseen = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** JSON on one line in which everything can be seen. */
export function plainJson(value: Json): string {
  return JSON.stringify(value).replace(unseen, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A delay as the API and the command take it: digits alone are milliseconds. */
function delayWords(delay: string): string {
  return /^\d+$/.test(delay) ? `${delay}ms` : delay;
}

const joint = " \\\n  ";

/** As `sluice run order --input '{"id":"o-17"}'`. */
export function cliLine(request: StartRequest, url: string): string {
  const { workflow, input, idempotencyKey = "", delay = "", priority, tags = [] } = request;
  const options = [
    ...(input === undefined ? [] : [`--input ${quoted(plainJson(input))}`]),
    ...(idempotencyKey === "" ? [] : [`--key=${quoted(idempotencyKey)}`]),
    ...(delay === "" ? [] : [`--delay=${quoted(delayWords(delay))}`]),
    ...(priority === undefined ? [] : [`--priority=${priority}`]),
    ...tags.map((tag) => `--tag=${quoted(tag)}`),
    `--url ${quoted(url)}`,
  ];
  // A name that looks like an option comes last, behind the word that ends them.
  if (workflow.startsWith("-")) return [`sluice run`, ...options, `-- ${quoted(workflow)}`].join(joint);
  return [`sluice run ${quoted(workflow)}`, ...options].join(joint);
}

/** The body of the call that starts it. */
export function startBody(request: StartRequest) {
  const { input, idempotencyKey = "", delay = "", priority, tags = [] } = request;
  return {
    ...(input === undefined ? {} : { input }),
    ...(idempotencyKey === "" ? {} : { idempotencyKey }),
    ...(delay === "" ? {} : { delay: delayWords(delay) }),
    ...(priority === undefined ? {} : { priority }),
    ...(tags.length === 0 ? {} : { tags: [...tags] }),
  };
}

interface CurlParts {
  readonly url: string;
  readonly method?: string | undefined;
  readonly body?: Json | undefined;
  /** Whether the server asks who one is. */
  readonly authentication: boolean;
}

/** A call of the API with curl; the token is taken from SLUICE_TOKEN. */
export function curlLine({ url, method = "POST", body, authentication }: CurlParts): string {
  return [
    `curl -X ${method} ${quoted(url)}`,
    ...(authentication ? ['-H "Authorization: Bearer $SLUICE_TOKEN"'] : []),
    ...(body === undefined ? [] : ["-H 'Content-Type: application/json'", `--data-raw ${quoted(plainJson(body))}`]),
  ].join(joint);
}
