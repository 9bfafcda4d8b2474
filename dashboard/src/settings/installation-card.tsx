import { useQuery } from "@tanstack/react-query";
import { CircleAlert, CircleCheck } from "lucide-react";
import { addressOf } from "../api/ask.ts";
import { installationQuery, readyQuery, type Installation } from "../api/installation.ts";
import { overviewQuery } from "../api/overview.ts";
import { Badge } from "../design/badge.tsx";
import { Card } from "../design/card.tsx";
import { Copy } from "../design/copy.tsx";
import { Facts } from "../design/facts.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import styles from "./installation-card.module.css";

/** What this service is, and whether it can work. */
export function InstallationCard() {
  const found = useQuery(installationQuery);
  return (
    <Card title="Installation">
      <Health />
      {found.isPending && <Loading what="what this installation is" />}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.data && <Found installation={found.data} />}
    </Card>
  );
}

function Health() {
  const { data } = useQuery(readyQuery);
  if (data === undefined) return null;
  return (
    <output className={styles["health"]}>
      {data === "ok" ? (
        <Badge tone="good" Icon={CircleCheck}>
          Works: its database answers
        </Badge>
      ) : (
        <>
          <Badge tone="bad" Icon={CircleAlert}>
            Cannot work
          </Badge>
          {data.message}
        </>
      )}
    </output>
  );
}

const DATABASES: Record<Installation["database"], string> = { sqlite: "SQLite", postgres: "PostgreSQL" };

function Found({ installation }: { installation: Installation }) {
  const { version, public_url, database, sign_in_issuer } = installation;
  const { data: overview } = useQuery(overviewQuery);
  return (
    <Facts
      facts={{
        Version: version,
        "Public address": <Copy text={public_url} label="the public address" />,
        Database: DATABASES[database],
        "Running instances": overview?.instances_alive ?? "not known",
        "Operators sign in": sign_in_issuer ?? "with API keys only",
        "API description": <a href={addressOf("openapi.json")}>OpenAPI document</a>,
      }}
    />
  );
}
