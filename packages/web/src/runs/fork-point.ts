// Where a fork begins that shall do everything again. A fork without a step keeps all that has settled; one that begins with
// the step that settled first keeps nothing.
import { api } from "../api.ts";

/** What a fork from the beginning is asked for with: nothing where nothing has settled yet. */
export async function fromBeginning(run: string): Promise<{ readonly from?: number }> {
  const { steps } = await api("listSteps", { params: { run }, query: { limit: 1, small: true } });
  const [first] = steps;
  return first === undefined || first.order === null ? {} : { from: first.seq };
}
