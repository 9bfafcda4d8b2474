import type { Scrolled } from "./record-scroll.ts";
import { readTrace, type Trace, type TraceEvent } from "./trace.ts";

/** How smooth a scroll was. Times in milliseconds. */
export interface Figures {
  /** Frames drawn. */
  perSecond: number;
  /** Shares of the frames that came one screen refresh after the last one, and within two. */
  inOne: number;
  inTwo: number;
  longest: number;
  /** Of the frames of the scroll, those that had everything in them that the page wanted to show. */
  whole: number;
  /** On the page's main thread, and for how long the longest one had the processor, which others may want too. */
  longestTask: number;
  longestWork: number;
  /** How much of the time the main thread had the processor. */
  busy: number;
  rows: number;
  answered: readonly number[];
}

/** What Chromium's screen of 60 Hz refreshes in. */
const REFRESH = 1000 / 60;

export function figuresOf({ trace: text, rows, answered }: Scrolled): Figures {
  const trace = readTrace(text);
  const pid = pageOf(trace);
  const drawn = drawnBy(trace, pid);
  const seconds = ((drawn.at(-1) ?? 0) - (drawn[0] ?? 0)) / 1e6;
  const gaps = drawn.slice(1).map((at, index) => (at - (drawn[index] ?? at)) / 1000);
  const tasks = mainThreadTasks(trace, pid);
  return {
    perSecond: gaps.length / seconds,
    inOne: shareOf(gaps, (gap) => gap < 1.5 * REFRESH),
    inTwo: shareOf(gaps, (gap) => gap < 2.5 * REFRESH),
    longest: Math.max(...gaps),
    whole: wholeFrames(trace),
    longestTask: Math.max(...tasks.map(({ dur = 0 }) => dur / 1000)),
    longestWork: Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000)),
    busy: tasks.reduce((sum, { tdur = 0 }) => sum + tdur, 0) / 1e6 / seconds,
    rows,
    answered: answered.toSorted((a, b) => a - b),
  };
}

/** The process that drew most is the page's. */
export function pageOf({ traceEvents }: Trace): number {
  const drawn = new Map<number, number>();
  for (const { name, pid } of traceEvents) if (name === "DrawFrame") drawn.set(pid, (drawn.get(pid) ?? 0) + 1);
  return [...drawn].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? 0;
}

function drawnBy({ traceEvents }: Trace, page: number): number[] {
  return traceEvents
    .filter(({ name, pid }) => name === "DrawFrame" && pid === page)
    .map(({ ts }) => ts)
    .toSorted((a, b) => a - b);
}

function mainThreadTasks({ traceEvents }: Trace, page: number): TraceEvent[] {
  const main = traceEvents.find(({ pid, args }) => pid === page && args.name === "CrRendererMain")?.tid;
  return traceEvents.filter(({ name, pid, tid }) => name === "RunTask" && pid === page && tid === main);
}

/** A frame that is scrolled before the page's own part of it is ready is presented in part. */
function wholeFrames({ traceEvents }: Trace): number {
  const states = traceEvents.flatMap(({ args: { frame_reporter: frame } }) =>
    frame && frame.scroll_state !== "SCROLL_NONE" && frame.state !== "STATE_NO_UPDATE_DESIRED" ? [frame.state] : [],
  );
  return shareOf(states, (state) => state === "STATE_PRESENTED_ALL");
}

function shareOf<T>(all: readonly T[], isSo: (each: T) => boolean): number {
  return all.filter(isSo).length / all.length;
}

const COLUMNS: readonly [head: string, of: (figures: Figures) => string][] = [
  ["frames/s", ({ perSecond }) => perSecond.toFixed(1)],
  ["in 16.7 ms", ({ inOne }) => percent(inOne)],
  ["in 33 ms", ({ inTwo }) => percent(inTwo)],
  ["longest frame", ({ longest }) => milliseconds(longest)],
  ["whole", ({ whole }) => percent(whole)],
  ["longest task", ({ longestTask }) => milliseconds(longestTask)],
  ["of it at work", ({ longestWork }) => milliseconds(longestWork)],
  ["main thread", ({ busy }) => percent(busy)],
  ["rows", ({ rows }) => String(rows)],
  ["GET p50", ({ answered }) => milliseconds(answered[Math.floor(answered.length * 0.5)])],
  ["GET p95", ({ answered }) => milliseconds(answered[Math.floor(answered.length * 0.95)])],
  ["GET max", ({ answered }) => milliseconds(answered.at(-1))],
];

export const HEAD = ["page", ...COLUMNS.map(([head]) => head)].join("\t");

export function lineOf(page: string, figures: Figures): string {
  return [page, ...COLUMNS.map(([, of]) => of(figures))].join("\t");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function milliseconds(time: number | undefined): string {
  return time === undefined ? "-" : `${time.toFixed(0)} ms`;
}
