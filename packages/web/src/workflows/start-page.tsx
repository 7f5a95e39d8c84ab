// Starts a run: a form made from the workflow's schema, the same as JSON beside it, and the lines that do it in a shell.
import { getRouteApi } from "@tanstack/react-router";
import { useApi } from "../query.ts";
import { Page } from "../shell/page.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import type { Json } from "./json-value.ts";
import { startValue } from "./schema-form.ts";
import { StartForm } from "./start-form.tsx";
import { schemaOf } from "./words.ts";
import type { Workflow } from "./words.ts";

const route = getRouteApi("/shell/workflows/$name/start");

export function StartPage() {
  const { name } = route.useParams();
  const { run } = route.useSearch();
  const workflow = useApi("getWorkflow", { params: { name } }, { staleMs: 60_000 });
  const before = useApi(
    "getRun",
    { params: { run: run ?? "" } },
    { enabled: run !== undefined, staleMs: Number.POSITIVE_INFINITY },
  );
  const error = workflow.error ?? before.error;
  const ready = workflow.data !== undefined && (run === undefined || before.data !== undefined);
  return (
    <Page
      title={
        <>
          Start <Text>{name}</Text>
        </>
      }
    >
      {ready ? (
        <StartForm
          // Another workflow or run to copy from is another form.
          key={`${name}\n${run ?? ""}`}
          workflow={workflow.data.workflow}
          first={firstInput(workflow.data.workflow, before.data?.run.input)}
        />
      ) : error === null ? (
        <SkeletonRows rows={6} />
      ) : (
        <ErrorState
          error={error}
          onRetry={() => {
            void workflow.refetch();
            if (run !== undefined) void before.refetch();
          }}
        />
      )}
    </Page>
  );
}

/** The input of the run it is started again from, else what the schema starts with. */
function firstInput(workflow: Workflow, copied: unknown): Json | undefined {
  if (copied !== undefined) return copied as Json;
  const schema = schemaOf(workflow);
  return schema === undefined ? {} : startValue(schema, schema);
}
