import { readFileSync, readdirSync } from "node:fs";

/** Clock ticks a second in /proc (USER_HZ): 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Own time and that of children which have ended, in ticks. */
  readonly ticks: number;
}

/** One line of /proc/PID/stat (proc_pid_stat(5)); the command in parentheses may hold anything, so fields count from its end. */
export function readStat(text: string): Stat | undefined {
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  const field = (n: number): number => Number(fields[n - 3]);
  const stat = { pid: Number.parseInt(text, 10), parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
  return end < 0 || Number.isNaN(stat.ticks) ? undefined : stat;
}

function allStats(): readonly Stat[] {
  const stats: Stat[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readStat(readFileSync(`/proc/${name}/stat`, "latin1"));
      if (stat !== undefined) stats.push(stat);
    } catch {
      // The process ended between the listing and the read.
    }
  }
  return stats;
}

/** A process and what descends from it, without the trees of `except`. */
export function treeOf(stats: readonly Stat[], root: number, except: readonly number[]): readonly Stat[] {
  const children = Map.groupBy(stats, (stat) => stat.parent);
  const tree = stats.filter((stat) => stat.pid === root);
  for (const member of tree) tree.push(...(children.get(member.pid) ?? []).filter(({ pid }) => !except.includes(pid)));
  return tree;
}

/** The processes of one engine. */
export interface Pids {
  readonly engine: number;
  readonly postgres?: number | undefined;
  readonly redis?: number | undefined;
}

/** CPU seconds so far. Parts that are not ours to see (a managed database) count as zero. */
export interface Cpu {
  readonly engine: number;
  readonly postgres: number;
  readonly redis: number;
}

const seconds = (tree: readonly Stat[]): number => tree.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND;

/** CPU seconds of each part so far, with all its children. */
export function readCpu({ engine, postgres, redis }: Pids): Cpu {
  const stats = allStats();
  const services = [postgres, redis].filter((pid) => pid !== undefined);
  const of = (pid: number | undefined): number => (pid === undefined ? 0 : seconds(treeOf(stats, pid, [])));
  return { engine: seconds(treeOf(stats, engine, services)), postgres: of(postgres), redis: of(redis) };
}

/** Largest memory the engine's processes held at once so far, in MB (VmHWM); null when they have ended. */
export function peakRssMb({ engine, postgres, redis }: Pids): number | null {
  let kilobytes = 0;
  for (const { pid } of treeOf(allStats(), engine, [postgres ?? 0, redis ?? 0])) {
    try {
      kilobytes += Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0);
    } catch {
      // A child that ended took its memory with it.
    }
  }
  return kilobytes === 0 ? null : kilobytes / 1024;
}
