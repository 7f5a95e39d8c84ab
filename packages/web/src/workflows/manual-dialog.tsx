// Starts a run through the form of a manual trigger: the form its schema makes, or JSON where it makes none.
import { useNavigate } from "@tanstack/react-router";
import { CirclePlay } from "lucide-react";
import { useState } from "react";
import { useCall } from "../query.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { JsonField } from "../ui/json-field.tsx";
import { readJson, writeJson } from "../ui/json-text.ts";
import { Text } from "../ui/text.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { isObject } from "./json-value.ts";
import type { Json } from "./json-value.ts";
import { SchemaField } from "./schema-field.tsx";
import { formNode, startValue } from "./schema-form.ts";
import { issuesIn } from "./schema-issues.ts";
import type { TriggerState } from "./words.ts";

export function ManualDialog({ trigger, onClose }: { readonly trigger: TriggerState; readonly onClose: () => void }) {
  const schema = isObject(trigger.manual?.schema) ? trigger.manual.schema : undefined;
  const [value, setValue] = useState<Json | undefined>(() => (schema === undefined ? {} : startValue(schema, schema)));
  const [text, setText] = useState(() => writeJson(value));
  const navigate = useNavigate();
  const start = useCall("runTrigger", {
    failures: "inline",
    changes: ["listRuns", "listTriggers", "overview"],
    done: "Started",
    onDone: ({ runId }) => {
      onClose();
      if (runId !== null) void navigate({ to: "/runs/$run", params: { run: runId } });
    },
  });
  const asForm = schema !== undefined && formNode(schema, schema).kind !== "json";
  const read = readJson(text);
  const values = asForm ? value : read.ok ? read.value : undefined;
  const send = () => start.mutate({ params: { trigger: trigger.id }, body: values === undefined ? {} : { values } });
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={visibleText(trigger.manual?.title ?? trigger.name)}
      detail={trigger.manual?.description ?? undefined}
      footer={
        <Button tone="primary" icon={CirclePlay} busy={start.isPending} disabled={!asForm && !read.ok} onClick={send}>
          Start run
        </Button>
      }
    >
      <div className="flex flex-col gap-3">
        {asForm ? (
          <SchemaField
            schema={schema}
            root={schema}
            path=""
            label="Values"
            required
            value={value}
            onChange={setValue}
            issues={issuesIn(start.error)}
          />
        ) : (
          <JsonField label="Values" text={text} onChange={setText} />
        )}
        {start.error !== null && (
          <p role="alert" className="text-sm text-bad">
            <Text>{start.error.message}</Text>
          </p>
        )}
      </div>
    </Dialog>
  );
}
