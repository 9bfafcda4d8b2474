import type { ProviderStore } from "../provider/catalogue.ts";
import { providerSchema } from "../provider/provider.ts";
import type { Database } from "./database.ts";
import { jsonColumn } from "./json-column.ts";
import { egNow } from "./now.ts";

const entryColumn = jsonColumn(providerSchema);

/** Custom providers, each kept as its catalogue entry. */
export function createProviderStore(database: Database): ProviderStore {
  return {
    find: (id) =>
      database.read(async (queries) => {
        const row = await queries.selectFrom("providers").select("entry").where("id", "=", id).executeTakeFirst();
        return row ? entryColumn.read(row.entry) : null;
      }),
    list: () =>
      database.read(async (queries) => {
        const rows = await queries.selectFrom("providers").select("entry").orderBy("id").execute();
        return rows.map((row) => entryColumn.read(row.entry));
      }),
    put: (provider) =>
      database.write(async (queries) => {
        const entry = entryColumn.write(provider);
        await queries
          .insertInto("providers")
          .values({ id: provider.id, entry, updated_at: egNow })
          .onConflict((conflict) => conflict.column("id").doUpdateSet({ entry, updated_at: egNow }))
          .execute();
      }),
  };
}
