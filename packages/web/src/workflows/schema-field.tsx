// One field of a form made from a JSON Schema, with what is inside it.
import { useState } from "react";
import { cx } from "../ui/cx.ts";
import { Checkbox, Field, TextArea } from "../ui/field.tsx";
import type { FieldTies } from "../ui/field.tsx";
import { Select } from "../ui/select.tsx";
import { Text } from "../ui/text.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { readJson, sameJson, writeJson } from "./json-value.ts";
import type { Json } from "./json-value.ts";
import { ListFields, ObjectFields, VariantFields } from "./schema-groups.tsx";
import { formNode } from "./schema-form.ts";
import type { FormNode } from "./schema-form.ts";
import { NumberInput, TextInput } from "./schema-inputs.tsx";
import { issuesAt, labelOf } from "./schema-props.ts";
import type { SchemaFieldProps } from "./schema-props.ts";

export function SchemaField(props: SchemaFieldProps) {
  const node = formNode(props.schema, props.root);
  switch (node.kind) {
    case "object":
      return <ObjectFields {...props} node={node} field={SchemaField} />;
    case "list":
      return <ListFields {...props} node={node} field={SchemaField} />;
    case "variants":
      return <VariantFields {...props} node={node} field={SchemaField} />;
    default:
      return <SingleField {...props} node={node} />;
  }
}

function SingleField(props: SchemaFieldProps & { readonly node: FormNode }) {
  const { node } = props;
  const limits = node.kind === "number" ? limitWords(node) : undefined;
  if (node.kind === "boolean" && (props.required || typeof node.default === "boolean")) return <Check {...props} />;
  const help = [node.description, limits].filter((each) => each !== undefined).join(" · ");
  return (
    <div data-path={props.path}>
      <Field
        label={labelOf(props)}
        help={help === "" ? undefined : <Text>{help}</Text>}
        error={issuesAt(props, node.kind === "json")}
      >
        {(ties) => <Control {...props} ties={ties} />}
      </Field>
    </div>
  );
}

/** Yes or no where one of them holds anyway. */
function Check(props: SchemaFieldProps & { readonly node: FormNode }) {
  const { node, value, onChange, path } = props;
  const error = issuesAt(props);
  return (
    <div data-path={path}>
      <Checkbox
        label={visibleText(node.title ?? props.label)}
        help={node.description === undefined ? undefined : <Text>{node.description}</Text>}
        checked={typeof value === "boolean" ? value : node.default === true}
        onChange={onChange}
      />
      {error !== undefined && (
        <p role="alert" className="text-xs text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

function limitWords({ min, max }: { readonly min?: number | undefined; readonly max?: number | undefined }) {
  // Schema libraries write the range of whole numbers that JSON carries exactly: nobody wants to read it.
  const from = min === undefined || min <= Number.MIN_SAFE_INTEGER ? undefined : min;
  const to = max === undefined || max >= Number.MAX_SAFE_INTEGER ? undefined : max;
  if (from === undefined && to === undefined) return undefined;
  if (to === undefined) return `At least ${from}`;
  return from === undefined ? `At most ${to}` : `${from} to ${to}`;
}

function Control(props: SchemaFieldProps & { readonly node: FormNode; readonly ties: FieldTies }) {
  const { node, value, onChange, ties, required } = props;
  const empty = node.nullable && required ? null : undefined;
  switch (node.kind) {
    case "text":
      return (
        <TextInput
          ties={ties}
          node={node}
          value={typeof value === "string" ? value : ""}
          onChange={(text) => onChange(text === "" ? (required && !node.nullable ? "" : empty) : text)}
        />
      );
    case "number":
      return (
        <NumberInput
          ties={ties}
          node={node}
          value={typeof value === "number" ? value : undefined}
          onChange={(next) => onChange(next ?? empty)}
        />
      );
    case "boolean":
      return <YesOrNo {...props} />;
    case "choice":
      return (
        <Choice
          ties={ties}
          values={node.values}
          value={value}
          optional={!required || node.nullable}
          onChange={(next) => onChange(next ?? empty)}
        />
      );
    case "fixed":
      return (
        <output {...ties} className="flex h-8 items-center font-mono text-xs text-ink-soft">
          <Text>{JSON.stringify(node.value)}</Text>
        </output>
      );
    default:
      return <JsonPart ties={ties} value={value} onChange={onChange} />;
  }
}

const unset = "unset";

function YesOrNo(props: SchemaFieldProps & { readonly node: FormNode; readonly ties: FieldTies }) {
  const { value, required, node, ties, onChange } = props;
  const values = [true, false];
  return (
    <Choice
      ties={ties}
      values={values}
      words={["Yes", "No"]}
      value={value}
      optional={!required || node.nullable}
      onChange={(next) => onChange(next ?? (node.nullable && required ? null : undefined))}
    />
  );
}

interface ChoiceProps {
  readonly ties: FieldTies;
  readonly values: readonly Json[];
  readonly words?: readonly string[] | undefined;
  readonly value: Json | undefined;
  readonly optional: boolean;
  readonly onChange: (value: Json | undefined) => void;
}

function Choice({ ties, values, words, value, optional, onChange }: ChoiceProps) {
  const index = values.findIndex((each) => sameJson(each, value));
  const labelFor = (each: Json, at: number) =>
    words?.[at] ?? visibleText(typeof each === "string" ? each || "“”" : JSON.stringify(each));
  const options = values.map((each, at) => ({ value: String(at), label: labelFor(each, at) }));
  const none = { value: unset, label: optional ? "Not set" : "Choose…" };
  return (
    <Select
      {...ties}
      className="w-full"
      value={index === -1 ? unset : String(index)}
      options={optional || index === -1 ? [none, ...options] : options}
      onChange={(chosen) => onChange(chosen === unset ? undefined : values[Number(chosen)])}
    />
  );
}

/** A part that no field fits. The text stays as it is typed; what it says is taken whenever it can be read. */
function JsonPart(p: { ties: FieldTies; value: Json | undefined; onChange: (value: Json | undefined) => void }) {
  const [draft, setDraft] = useState<string>();
  const read = draft === undefined ? undefined : readJson(draft);
  const stale = read === undefined || ("value" in read && !sameJson(read.value, p.value));
  const text = draft === undefined || stale ? writeJson(p.value) : draft;
  return (
    <>
      <TextArea
        {...p.ties}
        value={text}
        placeholder="JSON"
        rows={Math.min(10, Math.max(2, text.split("\n").length))}
        className={cx("min-h-0 font-mono text-xs!", read !== undefined && "error" in read && "border-bad")}
        onChange={(event) => {
          setDraft(event.target.value);
          const next = readJson(event.target.value);
          if ("value" in next) p.onChange(next.value);
        }}
        onBlur={() => {
          if (read !== undefined && "value" in read) setDraft(undefined);
        }}
      />
      {read !== undefined && "error" in read && (
        <p role="alert" className="text-xs text-bad">
          <Text>{read.error}</Text>
        </p>
      )}
    </>
  );
}
