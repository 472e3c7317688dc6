import pino from "pino";

/** Fields a log line may carry: ids, codes, counts and names of our own configuration. There is no field for content. */
export interface LogFields {
  readonly feed?: string;
  readonly code?: string;
  readonly place?: string;
  readonly count?: number;
  readonly ms?: number;
  readonly record?: string;
  readonly account?: string;
  readonly item?: string;
  readonly claim?: string;
  readonly queue?: string;
  readonly destination?: string;
  readonly route?: string;
  readonly status?: number;
  readonly requestId?: string;
  /** Name and message of an exception of our own code; never of a parser that quotes its input. */
  readonly error?: string;
}

export interface Log {
  info(text: string, fields?: LogFields): void;
  warn(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
}

export type LogLevel = "silent" | "warn" | "info";

/** Structured lines on stderr. Only the fields of `LogFields` are ever written. */
export function createLog(level: LogLevel): Log {
  const logger = pino({ level, base: null }, pino.destination({ fd: 2, sync: true }));
  return {
    info: (text, fields) => logger.info(fields ?? {}, text),
    warn: (text, fields) => logger.warn(fields ?? {}, text),
    error: (text, fields) => logger.error(fields ?? {}, text),
  };
}

/** What may be said of an exception: its kind and code, never its message, which may quote a command or a value. */
export function errorKind(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const { code } = error as { code?: unknown };
  return typeof code === "string" ? `${error.name} ${code}` : error.name;
}
