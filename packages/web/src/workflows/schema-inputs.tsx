// Inputs for text and numbers of a form made from a JSON Schema.
import { useState } from "react";
import { Input, TextArea } from "../ui/field.tsx";
import type { FieldTies } from "../ui/field.tsx";
import type { FormNode, TextFormat } from "./schema-form.ts";

type NodeOf<Kind extends FormNode["kind"]> = Extract<FormNode, { kind: Kind }>;

/** How browsers call a format; times of day and moments are typed, since their own inputs know no zone. */
const inputTypes: Readonly<Record<TextFormat, string>> = {
  text: "text",
  email: "email",
  url: "url",
  date: "date",
  time: "text",
  "date-time": "text",
  long: "text",
  password: "password",
};
const samples: Readonly<Partial<Record<TextFormat, string>>> = {
  time: "14:05:33",
  "date-time": "2026-03-09T14:05:33Z",
  email: "ann@example.com",
  url: "https://example.com",
};

interface TextInputProps {
  readonly ties: FieldTies;
  readonly node: NodeOf<"text">;
  readonly value: string;
  readonly onChange: (text: string) => void;
}

export function TextInput({ ties, node, value, onChange }: TextInputProps) {
  const shared = { ...ties, value, placeholder: node.example ?? samples[node.format] };
  if (node.format === "long" || value.includes("\n")) {
    return <TextArea {...shared} rows={3} onChange={(event) => onChange(event.target.value)} />;
  }
  return (
    <Input
      {...shared}
      type={inputTypes[node.format]}
      dir="auto"
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

interface NumberInputProps {
  readonly ties: FieldTies;
  readonly node: NodeOf<"number">;
  readonly value: number | undefined;
  readonly onChange: (value: number | undefined) => void;
}

/** Text that is on its way to being a number (`-`, `1.`, `2e`) stays as it is typed. */
export function NumberInput({ ties, node, value, onChange }: NumberInputProps) {
  const [draft, setDraft] = useState<string>();
  const read = draft === undefined ? undefined : numberIn(draft);
  const shown = draft !== undefined && read === value ? draft : value === undefined ? "" : String(value);
  const wrong = draft !== undefined && draft === shown && draft.trim() !== "" && read === undefined;
  return (
    <Input
      {...ties}
      aria-invalid={wrong ? true : ties["aria-invalid"]}
      inputMode={node.whole ? "numeric" : "decimal"}
      value={shown}
      placeholder={node.example}
      className="tabular"
      onChange={(event) => {
        setDraft(event.target.value);
        onChange(numberIn(event.target.value));
      }}
    />
  );
}

function numberIn(text: string): number | undefined {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}
