import type { Incident } from "../api/open-incidents.ts";
import { causeWords } from "../connections/cause-words.ts";
import { Card } from "../design/card.tsx";
import { counted } from "../design/counted.ts";
import { Facts } from "../design/facts.tsx";
import { KINDS } from "./incident-words.ts";

/** What the incident rests on. */
export function Evidence({ incident: { id, tenant, evidence } }: { incident: Incident }) {
  const { attempts, causes, codes, also_open } = evidence;
  return (
    <Card title="What it rests on">
      {attempts !== null && (
        <p>
          {counted(attempts, "refresh", "refreshes")} of the same clients in the ten minutes before it began, these
          failures included.
        </p>
      )}
      <Counts title="What the provider said" counts={codes} words={(code) => code} />
      <Counts title="Causes" counts={causes} words={causeWords} />
      <Counts title="Also open when it began" counts={also_open} words={kindWords} />
      <Facts facts={{ Incident: <code>{id}</code>, Tenant: <code>{tenant}</code> }} />
    </Card>
  );
}

function Counts({
  title,
  counts,
  words,
}: {
  title: string;
  counts: Record<string, number>;
  words: (name: string) => string;
}) {
  const found = Object.entries(counts).toSorted(([, one], [, other]) => other - one);
  if (found.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <Facts facts={Object.fromEntries(found.map(([name, count]) => [words(name), count.toLocaleString("en")]))} />
    </>
  );
}

/** A kind of a later version is told by its name. */
function kindWords(kind: string): string {
  return new Map<string, string>(Object.entries(KINDS)).get(kind) ?? kind;
}
