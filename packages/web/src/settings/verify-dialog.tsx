// The check of the whole audit trail, and what it found.
import { useMutation } from "@tanstack/react-query";
import { CircleCheck, LoaderCircle, OctagonAlert, TriangleAlert } from "lucide-react";
import { useEffect, useEffectEvent } from "react";
import { api } from "../api.ts";
import type { Answer } from "../api.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ErrorState } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { formatCount } from "../ui/time-format.ts";

interface VerifyDialogProps {
  readonly onClose: () => void;
  readonly onShow: (seq: number) => void;
}

export function VerifyDialog({ onClose, onShow }: VerifyDialogProps) {
  const verify = useMutation({ mutationFn: async () => api("verifyAudit", { body: {} }) });
  const begin = useEffectEvent(() => verify.mutate());
  useEffect(() => begin(), []);
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="Verify the audit trail"
      detail="Every row's hash is worked out again and held against the signed checkpoints."
      footer={<Button onClick={onClose}>Close</Button>}
    >
      {verify.error !== null ? (
        <ErrorState error={verify.error} onRetry={() => verify.mutate()} />
      ) : verify.data === undefined ? (
        <p role="status" className="flex items-center gap-2 py-4 text-sm text-ink-soft">
          <LoaderCircle aria-hidden className="size-4 animate-spin" /> Reading every row
        </p>
      ) : (
        <Report report={verify.data} onShow={onShow} />
      )}
    </Dialog>
  );
}

function Report({
  report,
  onShow,
}: {
  readonly report: Answer<"verifyAudit">;
  readonly onShow: (seq: number) => void;
}) {
  const { ok, rows, checkpoints, problems, warnings } = report;
  return (
    <div className="flex flex-col gap-3 text-sm">
      <p role="status" className="flex items-center gap-2 font-medium">
        {ok ? (
          <CircleCheck aria-hidden className="size-4 text-good" />
        ) : (
          <OctagonAlert aria-hidden className="size-4 text-bad" />
        )}
        {ok ? "The trail is whole" : `${problems.length} ${problems.length === 1 ? "problem" : "problems"} found`}
      </p>
      <p className="text-ink-soft">
        {formatCount(rows)} {rows === 1 ? "row" : "rows"} and {formatCount(checkpoints)}{" "}
        {checkpoints === 1 ? "checkpoint" : "checkpoints"} were checked.
      </p>
      {problems.length > 0 && (
        <ul className="flex flex-col divide-y divide-line rounded-md border border-line">
          {problems.map(({ seq, problem, message }, index) => (
            <li key={index} className="flex flex-wrap items-center gap-2 px-3 py-2">
              <Badge tone="bad">{problem.replaceAll("_", " ")}</Badge>
              <Text className="min-w-0 grow">{message}</Text>
              {seq !== null && (
                <Button size="sm" onClick={() => onShow(seq)}>
                  Row {seq}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {warnings.map((warning) => (
        <p key={warning} className="flex gap-2 rounded-md bg-warn-soft px-3 py-2 text-warn">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          <Text>{warning}</Text>
        </p>
      ))}
      <div className="flex flex-col gap-1 text-xs text-ink-soft">
        The same on the command line, also of a folder that no server serves:
        <CodeBlock text="sluice audit verify" />
      </div>
    </div>
  );
}
