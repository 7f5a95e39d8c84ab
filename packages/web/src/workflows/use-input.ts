// The input of a run while it is being made: one value, shown as a form and as JSON, and each follows the other.
import { useMemo, useReducer } from "react";
import { readJson, sameJson, writeJson } from "./json-value.ts";
import type { Json } from "./json-value.ts";

export interface InputState {
  readonly value: Json | undefined;
  /** What stands in the JSON editor. */
  readonly text: string;
  /** Why the text is no JSON; the value is then the last that was. */
  readonly error: string | undefined;
}

export type InputChange =
  | { readonly from: "form"; readonly value: Json | undefined }
  | { readonly from: "text"; readonly text: string };

/** Pure: what becomes of the input when either side changes. */
export function changedInput(state: InputState, change: InputChange): InputState {
  if (change.from === "form") {
    // The text keeps its own form as long as it says the same.
    const same = state.error === undefined && sameJson(state.value, change.value);
    return same ? state : { value: change.value, text: writeJson(change.value), error: undefined };
  }
  const read = readJson(change.text);
  if ("error" in read) return { ...state, text: change.text, error: read.error };
  return { value: read.value, text: change.text, error: undefined };
}

export function startInput(value: Json | undefined): InputState {
  return { value, text: writeJson(value), error: undefined };
}

export function useInput(first: Json | undefined) {
  const [state, change] = useReducer(changedInput, first, startInput);
  return useMemo(
    () => ({
      ...state,
      setValue: (value: Json | undefined) => change({ from: "form", value }),
      setText: (text: string) => change({ from: "text", text }),
    }),
    [state],
  );
}
