// Whose state is looked at: everybody's, a workflow's, a run's.
import { useState } from "react";
import type { SubmitEvent } from "react";
import { useApi } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Combobox } from "../ui/combobox.tsx";
import { Input } from "../ui/field.tsx";
import { Select } from "../ui/select.tsx";
import { visibleText } from "../ui/visible-text.ts";
import type { Scope, ScopeKind } from "./scope.ts";

const kinds: readonly { readonly value: ScopeKind; readonly label: string }[] = [
  { value: "global", label: "Everybody's" },
  { value: "workflow", label: "Of a workflow" },
  { value: "run", label: "Of a run" },
];

interface ScopePickerProps {
  readonly scope: Scope;
  readonly onChange: (scope: Scope) => void;
}

export function ScopePicker({ scope, onChange }: ScopePickerProps) {
  return (
    <>
      <Select
        label="Whose state"
        value={scope.kind}
        options={kinds}
        className="w-36"
        onChange={(kind) => kind !== scope.kind && onChange({ kind, name: "" })}
      />
      {scope.kind === "workflow" && <WorkflowPicker scope={scope} onChange={onChange} />}
      {scope.kind === "run" && <RunPicker key={scope.name} scope={scope} onChange={onChange} />}
    </>
  );
}

function WorkflowPicker({ scope, onChange }: ScopePickerProps) {
  const may = useMay("workflow:read");
  const workflows = useApi("listWorkflows", {}, { enabled: may });
  return (
    <Combobox
      free
      label="Workflow"
      placeholder="Choose a workflow"
      value={scope.name}
      options={(workflows.data?.workflows ?? []).map(({ name }) => ({ value: name, label: visibleText(name) }))}
      onChange={(name) => onChange({ kind: "workflow", name })}
      className="w-52"
    />
  );
}

function RunPicker({ scope, onChange }: ScopePickerProps) {
  const [text, setText] = useState(scope.name);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    onChange({ kind: "run", name: text.trim() });
  };
  return (
    <form onSubmit={submit} className="flex gap-1.5">
      <Input
        aria-label="Id of the run"
        placeholder="run_…"
        value={text}
        onChange={({ target }) => setText(target.value)}
        className="w-52 font-mono"
      />
      {text.trim() !== scope.name && (
        <Button type="submit" tone="primary">
          Show
        </Button>
      )}
    </form>
  );
}
