// The part of the run port for what people write beside an approval, so that all who are asked can read it.
import type { AccessFilter, Actor, ApprovalComment, CommentOutcome } from "./run-records.ts";

export interface ApprovalTalk {
  /** Writes beside an approval that is open; all of its tokens share what is written, at most `limit` of it. */
  commentApproval(p: {
    readonly by: Actor;
    readonly token: string;
    readonly text: string;
    readonly limit: number;
    readonly now: number;
  }): Promise<CommentOutcome>;
  /** What was written beside an approval, oldest first; `token` is any of its tokens. */
  listComments(p: {
    readonly token: string;
    readonly limit: number;
    readonly access?: AccessFilter | undefined;
  }): Promise<readonly ApprovalComment[]>;
}
