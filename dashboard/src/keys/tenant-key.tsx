import { useQuery } from "@tanstack/react-query";
import { rotateTenantKey, tenantKeysQuery } from "../api/keys.ts";
import { Card } from "../design/card.tsx";
import { Confirm } from "../design/confirm.tsx";
import { counted } from "../design/counted.ts";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { RekeyProgress } from "./rekey-progress.tsx";
import { Versions } from "./versions.tsx";
import styles from "./keys.module.css";

/** The versions of a tenant's key, and how far everything is sealed with the newest. */
export function TenantKey({ tenant }: { tenant: string }) {
  const keys = useQuery(tenantKeysQuery(tenant));
  if (keys.isPending) return <Loading what="the tenant's keys" />;
  if (keys.isError) return <Failure error={keys.error} retry={() => void keys.refetch()} />;
  const { versions, rekey } = keys.data;
  const values = versions.reduce((sum, version) => sum + version.values, 0);
  const isUnderWay = rekey !== null && rekey.finished_at === null;
  if (versions.length === 0) {
    return (
      <Card title={`Key of the tenant ${tenant}`}>
        <p>It has no key yet. The first one is made when the first secret or token is sealed.</p>
      </Card>
    );
  }
  return (
    <Card title={`Key of the tenant ${tenant}`}>
      {rekey && <RekeyProgress tenant={tenant} rekey={rekey} />}
      <Versions tenant={tenant} versions={versions} />
      <div className={styles["act"]}>
        <Confirm
          action="Make a new version"
          title="Make a new version of the key?"
          consequence={`From now on everything is sealed with it, and what is there, ${counted(values, "value", "values")}, is sealed anew in the background. Everything goes on meanwhile. It cannot be taken back, and need not be.`}
          harmless
          run={() => rotateTenantKey(tenant)}
          disabled={isUnderWay}
        />
        {isUnderWay && <p>Another one can be made when everything is sealed with this one.</p>}
      </div>
    </Card>
  );
}
