// Search attributes a workflow sets of its run: checked against what it declares, sent like progress, not journaled.
import { attributeValue, SluiceError } from "@sluice/protocol";
import type { AttributeSetting, AttributeType } from "@sluice/protocol";
import type { RunAttributes } from "@sluice/sdk";
import type { Incarnation } from "./incarnation.ts";
import { repeats } from "./log.ts";

/** The attributes of an incarnation. What is set again while the journal is replayed is not sent again. */
export function makeAttributes(run: Incarnation): RunAttributes {
  const { name, options } = run.workflow;
  return {
    set: (values) => {
      const declared = options.attributes ?? {};
      const set = Object.entries(values).map(([key, value]) => settingOf(name, declared, { key, value }));
      if (set.length > 0 && !repeats(run)) run.push({ op: "attributes", set }, false);
    },
  };
}

function settingOf(
  workflow: string,
  declared: Readonly<Record<string, AttributeType>>,
  { key, value }: { readonly key: string; readonly value: unknown },
): AttributeSetting {
  const type = Object.hasOwn(declared, key) ? declared[key] : undefined;
  if (type === undefined) {
    throw new SluiceError({
      code: "bad_request",
      message: `Workflow ${workflow} declares no attribute ${JSON.stringify(key)}.`,
      hint: `Declare it: attributes: { ${key}: "keyword" }`,
    });
  }
  if (value === null) return { name: key, type, value };
  const stored = attributeValue(type, value);
  if (stored !== undefined) return { name: key, type, value: stored };
  throw new SluiceError({ code: "bad_request", message: `The attribute ${key} of ${workflow} is no ${type}.` });
}
