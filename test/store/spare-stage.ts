import type { Spare } from "../../src/connection/store.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";

export const ID = "con_1";

/** A connection whose second token set somebody stored while `ins_a` received another. */
export async function openSuperseded(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.create(ID);
  await stage.connections.commit(commitOf(ID, 2), await stage.claim(ID));
  await stage.clock.advance(5000);
  return stage;
}

/** Two spares, the later of which is returned. */
export async function openWithSpares(kind: DatabaseKind): Promise<StoreStage & { spare: Spare }> {
  const stage = await openSuperseded(kind);
  await stage.connections.setAside(ID, tokenRecord(2, 1), null);
  await stage.connections.setAside(ID, tokenRecord(2, 2), null);
  const [spare] = await stage.connections.spares(ID);
  if (!spare) throw new Error("There is no spare.");
  return { ...stage, spare };
}

/** Which sealings of its refresh token a connection has set aside, the latest first. */
export async function sealingsOf({ connections }: StoreStage, id = ID): Promise<unknown[]> {
  return (await connections.spares(id)).map(({ tokens }) => tokens.sealedRefreshToken?.[2]);
}
