// Executes one step of a definition by itself, outside of any run: with its retries, time limit, breaker and fallback.
import { parseDuration } from "@sluice/protocol";
import type { CronflowContext, FlowHandler, FlowStepOptions } from "@sluice/sdk";
import { CircuitBreakerManager } from "./circuit-breaker-manager.ts";
import { RetryExecutor } from "./retry-executor.ts";
import { errorOf } from "./thrown.ts";

export interface ExecutableStep {
  readonly name: string;
  readonly handler: FlowHandler | undefined;
  readonly options?: FlowStepOptions;
}

export interface StepExecutionResult {
  readonly success: boolean;
  readonly output: unknown;
  readonly error: Error | undefined;
  readonly attempts: number;
  /** Milliseconds. */
  readonly totalDuration: number;
  readonly retryDelays: readonly number[];
}

/** Functions of one process share their breakers. */
const breakers = new CircuitBreakerManager();

// oxlint-disable-next-line typescript/no-extraneous-class -- programs call StepExecutor.executeStep()
export class StepExecutor {
  /** Calls the step, again where it has `retry`. Never rejects. */
  static async executeStep(
    step: ExecutableStep,
    context: CronflowContext,
    options: FlowStepOptions = step.options ?? {},
  ): Promise<StepExecutionResult> {
    const { handler } = step;
    const { circuitBreaker, retry } = options;
    const once = async (): Promise<unknown> => {
      if (handler === undefined) throw new Error(`Step '${step.name}' has no function`);
      if (circuitBreaker === undefined) return handler(context);
      const name = circuitBreaker.name ?? `step-${step.name}`;
      return breakers.executeWithCircuitBreaker(name, () => handler(context), circuitBreaker);
    };
    const made = await RetryExecutor.execute(
      once,
      retry === undefined ? { maxAttempts: 1 } : RetryExecutor.createRetryOptions(retry),
    );
    const { success, result: output, error, attempts, totalDuration, retryDelays } = made;
    return { success, output, error, attempts, totalDuration, retryDelays };
  }

  /** The same with a time limit for all attempts together. */
  static async executeStepWithTimeout(
    step: ExecutableStep,
    context: CronflowContext,
    options: FlowStepOptions = step.options ?? {},
  ): Promise<StepExecutionResult> {
    const { timeout } = options;
    if (timeout === undefined) return StepExecutor.executeStep(step, context, options);
    const limitMs = parseDuration(timeout);
    const late = Promise.withResolvers<StepExecutionResult>();
    const error = new Error(`Step '${step.name}' timed out after ${limitMs}ms`);
    const over = { success: false, output: undefined, error, attempts: 1, totalDuration: limitMs, retryDelays: [] };
    const timer = setTimeout(() => late.resolve(over), limitMs);
    try {
      return await Promise.race([StepExecutor.executeStep(step, context, options), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The same with `onError` standing in for the output of a step that has failed. */
  static async executeStepWithErrorHandling(
    step: ExecutableStep,
    context: CronflowContext,
    options: FlowStepOptions = step.options ?? {},
  ): Promise<StepExecutionResult> {
    const result = await StepExecutor.executeStep(step, context, options);
    if (result.success || options.onError === undefined) return result;
    try {
      const output = await options.onError(StepExecutor.createExecutionContext(context, result.error));
      return { ...result, success: true, output, error: undefined };
    } catch (thrown) {
      return { ...result, error: errorOf(thrown) };
    }
  }

  /** The same context with an error. */
  static createExecutionContext(context: CronflowContext, error?: Error): CronflowContext {
    return { ...context, error };
  }

  /** Throws where a failure has no error. */
  static validateResult({ success, error }: StepExecutionResult): void {
    if (!success && error === undefined) throw new Error("Step execution failed but no error was provided");
  }

  static getCircuitBreakerManager(): CircuitBreakerManager {
    return breakers;
  }
}
