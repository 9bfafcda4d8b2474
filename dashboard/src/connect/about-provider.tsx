import type { Provider } from "../api/client-shapes.ts";
import { Card } from "../design/card.tsx";
import { Facts } from "../design/facts.tsx";
import { PitfallList } from "./pitfall-list.tsx";

/** What the catalogue knows, as far as whoever sets up a client should. */
export function AboutProvider({ provider, pitfalls }: { provider: Provider; pitfalls: readonly string[] }) {
  const { access_seconds: access, idle_seconds: idle, absolute_seconds: absolute } = provider.lifetimes;
  return (
    <Card title={`About ${provider.name}`}>
      <Facts
        facts={{
          "Access tokens": access === null ? "Live as long as each answer says" : `Live ${lasting(access)}`,
          "Unused connections": idle === null ? "Not known to end" : `End after ${lasting(idle)}`,
          Consents: absolute === null ? "Not known to end" : `End after ${lasting(absolute)}, used or not`,
          "Known here": KNOWN[provider.confidence],
        }}
      />
      <PitfallList pitfalls={pitfalls} />
      {provider.docs_url !== null && (
        <p>
          <a href={provider.docs_url} target="_blank" rel="noopener noreferrer">
            What {provider.name} says about it (new tab)
          </a>
        </p>
      )}
    </Card>
  );
}

const KNOWN = {
  high: "Well: most of it was checked",
  medium: "In part: some of it was not checked",
  low: "Little: watch the first connections",
} as const satisfies Record<Provider["confidence"], string>;

const UNITS = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
] as const;

/** A time in the largest unit that it has two of, or one exactly. */
function lasting(seconds: number): string {
  const [length, unit] = UNITS.find(([each]) => seconds >= 2 * each || seconds === each) ?? UNITS[3];
  const count = Math.round(seconds / length);
  return `${count.toLocaleString("en")} ${unit}${count === 1 ? "" : "s"}`;
}
