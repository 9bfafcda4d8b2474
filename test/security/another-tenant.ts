import { openRaw } from "../stage/raw-database.ts";
import { createApi, type Api } from "../stage/api.ts";
import type { Stage } from "../stage/stage.ts";
import type { Scope } from "../../src/access/api-key.ts";

/** Calls the stage's API with new keys of a second tenant, one for each scope. */
export async function openAnotherTenant<S extends Scope>(
  stage: Stage,
  scopes: readonly S[],
): Promise<ReadonlyMap<S, Api>> {
  const keys = await Promise.all(
    scopes.map(async (scope) => ({
      scope,
      made: await stage.api("POST", "/v1/api-keys", { name: `a stranger's ${scope}`, scopes: [scope] }),
    })),
  );
  const database = openRaw(`${stage.settings.dataDir}/evergrant.db`);
  database.exec("insert into tenants (id, name, created_at) values ('ten_another', 'Another', 0)");
  const ids = keys.map(({ made }) => `'${made.at("id")}'`).join(", ");
  database.exec(`update api_keys set tenant_id = 'ten_another' where id in (${ids})`);
  database.close();
  return new Map(keys.map(({ scope, made }) => [scope, createApi(stage.service.url, made.at("key"))]));
}
