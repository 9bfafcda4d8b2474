import { revokeKey, type ApiKey } from "../api/api-keys.ts";
import { Badge } from "../design/badge.tsx";
import { Confirm } from "../design/confirm.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time, useNow } from "../design/time.tsx";
import { stateOf } from "./key-state.ts";
import styles from "./key-table.module.css";
import { RotateKey } from "./rotate-key.tsx";

export function KeyTable({ keys }: { keys: readonly ApiKey[] }) {
  return <Table caption="API keys" columns={COLUMNS} rows={keys} keyOf={({ id }) => id} />;
}

const COLUMNS: readonly Column<ApiKey>[] = [
  { head: "Name", cell: Name },
  { head: "State", cell: (key) => <State apiKey={key} /> },
  { head: "May", cell: ({ scopes }) => scopes.join(", ") },
  { head: "From where", cell: From },
  { head: "Last used", cell: LastUse },
  { head: "Ends", cell: ({ expires_at }) => <Time at={expires_at} /> },
  { head: "Change", cell: (key) => <Actions apiKey={key} /> },
];

function Name({ id, name }: ApiKey) {
  return (
    <>
      <strong>{name}</strong>
      <code className={styles["soft"]}>{id}</code>
    </>
  );
}

function State({ apiKey }: { apiKey: ApiKey }) {
  const { text, tone, Icon } = stateOf(apiKey, useNow());
  return (
    <Badge tone={tone} Icon={Icon}>
      {text}
    </Badge>
  );
}

function From({ allowed_cidrs, rate_limit }: ApiKey) {
  return (
    <>
      {allowed_cidrs.length === 0 ? "anywhere" : allowed_cidrs.join(", ")}
      {rate_limit !== null && <span className={styles["soft"]}>at most {rate_limit} requests a second</span>}
    </>
  );
}

function LastUse({ last_used_at, last_used_from }: ApiKey) {
  return (
    <>
      <Time at={last_used_at} />
      {last_used_from !== null && <span className={styles["soft"]}>from {last_used_from}</span>}
    </>
  );
}

function Actions({ apiKey }: { apiKey: ApiKey }) {
  const { id, name, replaced_by } = apiKey;
  if (!stateOf(apiKey, useNow()).lives) return null;
  return (
    <div className={styles["actions"]}>
      {replaced_by === null && <RotateKey id={id} name={name} />}
      <Confirm
        action="Revoke"
        title={`Revoke “${name}”?`}
        consequence="Whatever uses this key is refused from now on, within seconds everywhere. This cannot be taken back."
        run={() => revokeKey(id)}
      />
    </div>
  );
}
