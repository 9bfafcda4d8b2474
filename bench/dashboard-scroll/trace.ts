import { gzipSync } from "node:zlib";

/** As Chromium writes it: the Trace Event Format, times in microseconds. */
export interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  tdur?: number;
  args: { name?: string; layerTreeId?: number; frame_reporter?: FrameReporter };
}

interface FrameReporter {
  state: string;
  scroll_state: string;
}

/** What is read of a trace, and kept of it. */
export interface Trace {
  traceEvents: readonly TraceEvent[];
  metadata?: unknown;
}

export function readTrace(text: Buffer): Trace {
  return JSON.parse(text.toString()) as Trace;
}

/** The same without what tells of the machine and of other processes than the page's, and without the shortest of tasks. */
export function compressed(trace: Trace, pid: number): Buffer {
  const traceEvents = trace.traceEvents.filter((event) => isKept(event, pid));
  return gzipSync(JSON.stringify({ traceEvents }), { level: 9 });
}

/** Microseconds. */
const SHORT = 100;

function isKept({ name, pid, ph, dur }: TraceEvent, page: number): boolean {
  if (NAMES.has(name)) return true;
  if (pid !== page) return false;
  return ph !== "X" || (dur ?? 0) >= SHORT;
}

/** Without these a viewer does not know which process is which. */
const NAMES: ReadonlySet<string> = new Set(["process_name", "thread_name", "TracingStartedInBrowser"]);
