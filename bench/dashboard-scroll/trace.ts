import { gzipSync } from "node:zlib";
export interface TraceEvent {
  name: string;
  cat: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  args: any;
  id?: string;
}
export function eventsOf(trace: Buffer): TraceEvent[] {
  return JSON.parse(trace.toString()).traceEvents;
}
export function compressed(trace: Buffer): Buffer {
  return gzipSync(trace, { level: 9 });
}
