// Sluice under pm2. Copy it into the project that has your workflows/, then: pm2 start ecosystem.config.cjs
const { join } = require("node:path");

const project = process.env.SLUICE_PROJECT || __dirname;
const data = process.env.SLUICE_DATA || join(project, ".sluice");
const port = process.env.SLUICE_PORT || "7890";

module.exports = {
  apps: [
    {
      name: "sluice",
      cwd: project,
      // Bun itself, not the launcher before it: pm2 measures and signals the process that it has started.
      script: join(project, "node_modules/.bin/bun"),
      interpreter: "none",
      args: [
        join(project, "node_modules/sluice/dist/main.js"),
        "up",
        "--project",
        project,
        "--data",
        data,
        "--port",
        port,
      ],
      // One server has the data folder. More of them is another thing than more of this.
      exec_mode: "fork",
      instances: 1,
      // Of the server alone: what is in your workers' memory is not counted. A restart drains first and loses nothing.
      max_memory_restart: process.env.MEMORY_MAX || "1G",
      // Longer than drainMs, which running steps get to end.
      kill_timeout: 20000,
      // The server asks its workers to leave; a signal to all of them would cut their steps off.
      treekill: false,
      autorestart: true,
      exp_backoff_restart_delay: 100,
      // Logs are lines of JSON with times of their own.
      merge_logs: true,
    },
  ],
};
