import { useState } from "react";
import type { Client } from "../api/client-shapes.ts";
import { useMay } from "../api/use-may.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Facts } from "../design/facts.tsx";
import { plain } from "../design/plain.ts";
import { ChangeSettings } from "./change-settings.tsx";
import { WAYS } from "./proof.ts";

export function Settings({ client }: { client: Client }) {
  const [changing, setChanging] = useState(false);
  const mayWrite = useMay("clients:write");
  return (
    <Card title="Settings">
      {changing ? (
        <ChangeSettings client={client} done={() => setChanging(false)} />
      ) : (
        <>
          <Facts facts={factsOf(client)} />
          {mayWrite && (
            <div>
              <Button quiet onClick={() => setChanging(true)}>
                Change
              </Button>
            </div>
          )}
        </>
      )}
    </Card>
  );
}

function factsOf({ id, authentication, dpop, scopes, settings }: Client) {
  const days = settings.probe_every_days;
  return {
    "Proves itself by": WAYS[authentication].words,
    Scopes: listed(scopes),
    "Scopes required": listed(settings.required_scopes),
    "Return URLs": listed(settings.return_urls),
    ...pairs(settings.provider_parameters),
    "Stays connected": settings.offline_access ? "While the user is away" : "Only while the user is there",
    "New connections": settings.prove ? "Proven by a first refresh" : "Not proven at once",
    "Unused ones": days === 0 ? "Never proven" : `Proven every ${days === 1 ? "day" : `${days} days`}`,
    "Bound to a key": dpop ? "From the next consent on" : "No",
    ...(settings.testing && { "At the provider": "In status Testing: consents end after seven days" }),
    "ID here": <code>{id}</code>,
  };
}

function listed(words: readonly string[]) {
  if (words.length === 0) return "None";
  return words.map((word) => <div key={word}>{word}</div>);
}

function pairs(parameters: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [plain(name), value]));
}
