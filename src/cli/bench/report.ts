/** The one line `chartbridge bench` prints on stdout. `null`: not known of a target that is not ours. */
export interface BenchReport {
  readonly accepted_per_s: number;
  readonly ack_p50_ms: number | null;
  readonly ack_p95_ms: number | null;
  readonly ack_p99_ms: number | null;
  /** Messages divided by the time from the first send until every item is on its queue. */
  readonly end_to_end_per_s: number | null;
  /** CPU seconds of engine, Postgres and Redis per 1,000 messages; the generator's are apart. */
  readonly cpu_s_per_1000: number | null;
  readonly peak_rss_mb: number | null;
  readonly connections: number;
  readonly messages: number;
  /** Most messages accepted and not yet folded at any look. */
  readonly largest_backlog: number | null;
  readonly generator_cpu_s: number;
  readonly refused: number;
  readonly mismatched: number;
}

/** Nearest-rank percentile of sorted values; null when there are none. */
export function percentile(sorted: ArrayLike<number>, percent: number): number | null {
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return sorted[rank - 1] ?? null;
}

/** To so many decimals; null stays null. */
export function rounded(value: number, decimals: number): number;
export function rounded(value: number | null, decimals: number): number | null;
export function rounded(value: number | null, decimals: number): number | null {
  return value === null ? null : Number(value.toFixed(decimals));
}

/** CPU seconds by process, as a table for a person. */
export function cpuTable(rows: readonly { readonly name: string; readonly seconds: number }[], wallSeconds: number): readonly string[] {
  const total = rows.reduce((sum, row) => sum + row.seconds, 0);
  const share = (seconds: number): string => `${total === 0 ? 0 : Math.round((100 * seconds) / total)} %`;
  const line = (name: string, cpu: string, part: string, cores: string): string =>
    name.padEnd(12) + cpu.padStart(10) + part.padStart(8) + cores.padStart(9);
  return [
    line("process", "CPU s", "share", "of 1 core"),
    ...rows.map(({ name, seconds }) => line(name, seconds.toFixed(2), share(seconds), `${Math.round((100 * seconds) / wallSeconds)} %`)),
    line("all", total.toFixed(2), "100 %", `${Math.round((100 * total) / wallSeconds)} %`),
  ];
}
