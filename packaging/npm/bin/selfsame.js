#!/usr/bin/env node
// Runs the binary that npm installed for this platform, and ends as it ends.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";

const name = `@selfsame/server-${process.platform}-${process.arch}`;

function binary() {
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/selfsame`);
  } catch {
    console.error(
      `selfsame: ${name} is not installed. Either there is none for this platform, or npm was told to leave optional packages out; ` +
        "building from source always works.",
    );
    process.exit(2);
  }
}

const child = spawn(binary(), process.argv.slice(2), { stdio: "inherit" });
// A terminal sends its signals to both processes; others are sent to this one only, and the server is to hear of them.
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
process.on("SIGINT", () => {});
child.on("error", (error) => {
  console.error(`selfsame: ${error.message}`);
  process.exit(2);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
