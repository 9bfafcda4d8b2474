import { useSyncExternalStore } from "react";

/** A moment as people say it ("in 3 days"), with the exact one beside it for whoever points at it. */
export function Time({ at, none = "never" }: { at: string | null; none?: string }) {
  const now = useNow();
  if (at === null) return <>{none}</>;
  return (
    <time dateTime={at} title={EXACT.format(new Date(at))}>
      {relative(Date.parse(at) - now)}
    </time>
  );
}

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const;

/** The page's clock, and that of the service, may be so far from what the other says. */
const NOW = 10_000;

/** @param milliseconds from now; negative for what is past. */
function relative(milliseconds: number): string {
  if (Math.abs(milliseconds) < NOW) return RELATIVE.format(0, "second");
  const [unit, length] = UNITS.find(([, each]) => Math.abs(milliseconds) >= each) ?? ["second", 1000];
  return RELATIVE.format(Math.round(milliseconds / length), unit);
}

/** One clock for the whole page, which moves every ten seconds. */
const clock = {
  now: Date.now(),
  listeners: new Set<() => void>(),
  timer: undefined as ReturnType<typeof setInterval> | undefined,
};

function subscribe(listener: () => void): () => void {
  if (clock.listeners.size === 0) clock.now = Date.now();
  clock.listeners.add(listener);
  clock.timer ??= setInterval(() => {
    clock.now = Date.now();
    for (const each of clock.listeners) each();
  }, 10_000);
  return () => {
    clock.listeners.delete(listener);
    if (clock.listeners.size > 0) return;
    clearInterval(clock.timer);
    clock.timer = undefined;
  };
}

export function useNow(): number {
  return useSyncExternalStore(subscribe, () => clock.now);
}
