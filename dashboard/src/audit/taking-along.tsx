import { Card } from "../design/card.tsx";
import { Copy } from "../design/copy.tsx";

/** How to have all of it elsewhere, and how to know that nobody has changed it. */
export function TakingAlong() {
  return (
    <Card title="Export and verify">
      <p>All entries as lines of JSON, run where the database can be reached:</p>
      <Copy text="evergrant audit export > audit.jsonl" label="the export command" />
      <p>
        Each entry is chained to the one before by a hash, and the ends are signed. This finds out whether anything was
        changed, added or removed, where the database and the root key are:
      </p>
      <Copy text="evergrant audit verify" label="the verify command" />
    </Card>
  );
}
