import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { eachLine, ended } from "./child-lines.ts";
import { generatorLine, type GeneratorOptions, type LoadResult } from "./generator-words.ts";

const PROCESS = fileURLToPath(new URL("generator-process.ts", import.meta.url));

/** The load generator in its own process. */
export interface Generator {
  /** Resolves when connections are made, messages are built and the warm-up is answered. */
  readonly ready: Promise<void>;
  /** Begins the measured run; resolves when its last answer is in. */
  go(): Promise<LoadResult>;
  stop(): void;
}

/** Starts the generator; `onProgress` hears the accepted count about ten times a second. */
export function startGenerator(options: GeneratorOptions, onProgress: (accepted: number) => void): Generator {
  const child = spawn(process.execPath, [PROCESS, JSON.stringify(options)], { stdio: ["pipe", "pipe", "inherit"] });
  const ready = Promise.withResolvers<void>();
  const done = Promise.withResolvers<LoadResult>();
  // Whoever waits hears of it; a failure before `go` must not end the process as an unhandled rejection of `done`.
  done.promise.catch(() => undefined);
  eachLine(child.stdout, (text) => {
    const line = generatorLine.parse(JSON.parse(text));
    if (line.phase === "ready") ready.resolve();
    else if (line.phase === "progress") onProgress(line.accepted);
    else done.resolve(line);
  });
  void ended(child).then((code) => {
    const error = new Error(`the load generator ended early (exit code ${code ?? "none"})`);
    ready.reject(error);
    done.reject(error);
  });
  child.once("error", ready.reject);
  return {
    ready: ready.promise,
    go: () => {
      child.stdin.write("go\n");
      return done.promise;
    },
    stop: () => void child.kill("SIGKILL"),
  };
}
