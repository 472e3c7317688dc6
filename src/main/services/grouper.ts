import { spawn } from "node:child_process";
import { type AskGrouper, type GrouperAnswer, grouperAnswer } from "#src/coding/grouper.ts";

/** How the site's grouper is started: the program and its arguments. */
export interface GrouperSettings {
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

const MOST_BYTES = 64 * 1024;

function readAnswer(text: string): GrouperAnswer {
  try {
    const parsed = grouperAnswer.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : { error: "the grouper's answer has not the agreed form" };
  } catch {
    return { error: "the grouper's answer is not JSON" };
  }
}

/**
 * Asks a grouper that is a program of its own: one JSON request on its stdin, one JSON answer on its stdout, one process a question, no shell.
 * Whatever goes wrong with it is an answer with `error`.
 */
export function createGrouper({ command: [program = "", ...args], timeoutMs }: GrouperSettings): AskGrouper {
  return (request) =>
    new Promise((resolve) => {
      const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
      let text = "";
      let settled = false;
      const settle = (answer: GrouperAnswer): void => {
        if (settled) return;
        settled = true;
        clearTimeout(timer);
        child.kill("SIGKILL");
        resolve(answer);
      };
      const timer = setTimeout(() => settle({ error: "the grouper did not answer in time" }), timeoutMs);
      child.on("error", () => settle({ error: "the grouper could not be started" }));
      child.stdin.on("error", () => undefined);
      child.stdout.setEncoding("utf8").on("data", (part: string) => {
        text += part;
        if (text.length > MOST_BYTES) settle({ error: "the grouper's answer is too long" });
      });
      child.on("close", (code) => settle(code === 0 ? readAnswer(text) : { error: "the grouper ended with an error" }));
      child.stdin.end(JSON.stringify(request));
    });
}
