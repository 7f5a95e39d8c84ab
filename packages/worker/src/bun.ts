// The program of a supervised worker child: reads its setup from standard input, loads the code it is given, connects to
// its supervisor over a Unix socket and executes runs until that socket closes.
import type { Socket } from "bun";
import { codeFailure, openRecorder, readSetup } from "./bun-child.ts";
import { maskOutput } from "./bun-output.ts";
import { systemSecrets } from "./bun-secrets.ts";
import { loadCode } from "./bun-code.ts";
import type { LoadedCode } from "./bun-code.ts";
import { AsyncStepScope } from "./bun-step-scope.ts";
import { childErrorCodes } from "./child-setup.ts";
import type { ChildSetup } from "./child-setup.ts";
import { systemWorkerClock as clock } from "./clock.ts";
import { workerLimits } from "./limits.ts";
import { Redactor } from "./redactor.ts";
import { WorkerConnection } from "./wire-connection.ts";
import { Worker } from "./worker.ts";
import type { WorkerOptions } from "./worker.ts";

/** What user code leaves unhandled concerns one run at most; the others on this worker go on. */
process.on("unhandledRejection", (error) => console.error("Unhandled rejection:", error));
// The terminal sends it to every process in front of it: stopping is the supervisor's to decide.
process.on("SIGINT", () => undefined);

/** Known once there is a worker. */
let stopServices: (() => Promise<void>) | undefined;

const setup = await readSetup();
const loading = loadCode(setup);
// Its failure is reported when the supervisor has accepted this child.
loading.catch(() => undefined);
await connect(setup);

async function connect(to: ChildSetup): Promise<void> {
  let connection: WorkerConnection | undefined;
  await Bun.connect({
    unix: to.socket,
    socket: {
      open(socket) {
        connection = serve(socket, to);
      },
      data(_socket, chunk) {
        try {
          connection?.received(chunk);
        } catch (error) {
          connection?.fail({ code: childErrorCodes.wire, message: String(error) });
          process.exit(1);
        }
      },
      drain: () => connection?.drained(),
      close: () => void (stopServices?.() ?? Promise.resolve()).finally(() => process.exit(0)),
      error: (_socket, error) => console.error("The connection to the engine failed:", error),
    },
  });
}

function serve(socket: Socket, { worker: id, version, ...rest }: ChildSetup): WorkerConnection {
  let worker: Worker | undefined;
  let leaving = false;
  const connection = new WorkerConnection({
    sink: socket,
    runtime: "bun",
    clock,
    id: () => crypto.randomUUID(),
    heartbeatMs: rest.heartbeatMs,
    hello: {
      worker_id: id,
      capabilities: ["runs"],
      runtime: "bun",
      token: rest.token,
      bun_version: Bun.version,
      heartbeat_ms: rest.heartbeatMs,
    },
    onRefused: (reason) => {
      console.error(`The engine refused this worker: ${reason}`);
      process.exit(1);
    },
    onMessages: (messages) => worker?.receive(messages),
    onAccepted: () => {
      loading.then(begin).catch((error: unknown) => {
        connection.fail(codeFailure(error, rest.project));
        socket.end();
      });
    },
  });
  const begin = ({ workflows, tasks }: LoadedCode): void => {
    const limits = { ...workerLimits, ...rest.limits };
    const onStep = rest.recorder === undefined ? undefined : openRecorder(rest.recorder);
    const send: WorkerOptions["send"] = (message) => {
      connection.send(message);
      if (leaving && message.type === "handback") clock.turn(() => socket.end());
    };
    const stepScope = new AsyncStepScope();
    const redactor = new Redactor();
    maskOutput(redactor);
    worker = new Worker({
      id,
      version,
      workflows,
      tasks,
      clock,
      limits,
      stepScope,
      redactor,
      localSecrets: systemSecrets,
      send,
      ...(onStep === undefined ? {} : { onStep }),
    });
    const { services } = worker;
    stopServices = () => services.stop();
    worker.deploy();
  };
  process.on("SIGTERM", () => {
    if (worker === undefined) process.exit(0);
    leaving = true;
    worker.receive([{ type: "drain", ms: rest.drainMs }]);
  });
  return connection;
}
