type Labels = Readonly<Record<string, string>>;

export interface Metrics {
  /** Adds one to a counter. Labels are names of our own configuration and codes, never anything of a message. */
  count(name: MetricName, labels: Labels): void;
  /** Prometheus text format 0.0.4: the counters, and what `gauges` says now. */
  text(): string;
}

/** One value read at the moment it is asked for. */
export interface Reading {
  readonly name: MetricName;
  readonly labels: Labels;
  readonly value: number;
}

/** Every metric, its kind and what it says. */
export const METRICS = {
  chartbridge_frames_total: ["counter", "frames, files' messages and requests taken, by feed, protocol, verdict and our error code"],
  chartbridge_unanswered_total: ["counter", "frames that were neither kept nor answered because the journal could not be written"],
  chartbridge_connections: ["gauge", "open connections"],
  chartbridge_connections_refused_total: ["counter", "connections refused by limit, address or certificate"],
  chartbridge_discarded_bytes_total: ["counter", "bytes outside of any MLLP block"],
  chartbridge_journal_waiting: ["gauge", "entries taken and not yet committed"],
  chartbridge_disk_free_bytes: ["gauge", "free where the database lives"],
  chartbridge_intake_stopped: ["gauge", "1 while nothing is taken in because the disk is nearly full"],
  chartbridge_deliveries_total: ["counter", "tries to deliver a claim, by destination and what they came to: confirmed, or our error code"],
  chartbridge_answers_fetched_total: [
    "counter",
    "answers to claims fetched from destinations that are asked for them, by destination and what they came to: taken, parked, again, unreadable, left, or our error code",
  ],
  chartbridge_destination_open: ["gauge", "1 while a destination is away and nothing but a probe is sent to it"],
} as const satisfies Readonly<Record<string, readonly ["counter" | "gauge", string]>>;
export type MetricName = keyof typeof METRICS;

const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
const labelled = (labels: Labels): string => {
  const all = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return all.length === 0 ? "" : `{${all.join(",")}}`;
};

/** @param readings what is read when somebody asks, not counted as it happens. */
export function createMetrics(readings: () => readonly Reading[]): Metrics {
  const counted = new Map<MetricName, Map<string, number>>();
  return {
    count: (name, labels) => {
      const of = counted.get(name) ?? new Map<string, number>();
      counted.set(name, of);
      const key = labelled(labels);
      of.set(key, (of.get(key) ?? 0) + 1);
    },
    text: () => {
      const lines = new Map<MetricName, string[]>();
      const add = (name: MetricName, labels: string, value: number): void => {
        const of = lines.get(name) ?? [];
        lines.set(name, of);
        of.push(`${name}${labels} ${value}`);
      };
      for (const [name, values] of counted) for (const [labels, value] of values) add(name, labels, value);
      for (const { name, labels, value } of readings()) add(name, labelled(labels), value);
      return [...lines]
        .map(([name, values]) => `# HELP ${name} ${METRICS[name][1]}\n# TYPE ${name} ${METRICS[name][0]}\n${values.join("\n")}\n`)
        .join("");
    },
  };
}
