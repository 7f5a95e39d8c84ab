// One process of the peer: a worker, or the load: one job after the other, then many at once, each awaited to its result.
const { Queue, QueueEvents, Worker } = await import(process.env.BULLMQ);
const connection = { host: "127.0.0.1", port: Number(process.env.REDIS_PORT), maxRetriesPerRequest: null };

if (process.argv[2] === "worker") {
  const worker = new Worker("noop", async () => null, { connection, concurrency: 64 });
  await worker.waitUntilReady();
} else {
  const { warmup, trips, tasks } = JSON.parse(process.argv[3]);
  const queue = new Queue("noop", { connection });
  const events = new QueueEvents("noop", { connection });
  await events.waitUntilReady();
  const once = async () => (await queue.add("noop", null)).waitUntilFinished(events);
  const times = [];
  for (let trip = 0; trip < warmup + trips; trip++) {
    const startedMs = performance.now();
    await once();
    if (trip >= warmup) times.push(performance.now() - startedMs);
  }
  times.sort((a, b) => a - b);
  let left = tasks;
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: 256 }, async () => {
      while (left-- > 0) await once();
    }),
  );
  const perSecond = tasks / ((performance.now() - startedMs) / 1_000);
  console.log(JSON.stringify({ tripMs: times[Math.floor(times.length / 2)], perSecond }));
  process.exit(0);
}
