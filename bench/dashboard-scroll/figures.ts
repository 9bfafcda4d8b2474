import type { Scrolled } from "./record-scroll.ts";
import { writeFileSync } from "node:fs";
export interface Figures {
  perSecond: number;
}
export const HEAD = "";
let n = 0;
export function figuresOf(s: Scrolled): Figures {
  writeFileSync(`/tmp/hB-trace-${n++}.json`, s.trace);
  return { perSecond: 0 };
}
export function lineOf(name: string, f: Figures) {
  return name + JSON.stringify(f);
}
