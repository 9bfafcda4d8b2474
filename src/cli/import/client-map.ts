import { z } from "zod";
import { clientSchema } from "../../api/client-view.ts";
import { CommandFailure } from "../command-failure.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { ImportRow } from "./import-row.ts";
import type { Verdict } from "./verdict.ts";

/** Our client for a row, or why there is none. */
export type FoundClient =
  | { client: string }
  | { verdict: Extract<Verdict, "no_client" | "other_client">; detail: string };

export type ClientMap = (row: Pick<ImportRow, "clientNames" | "oauthClientId">) => FoundClient;

const pageSchema = z.object({ clients: z.array(clientSchema), next_after: z.string().nullable() });

const LARGEST_PAGE = 200;

/** Knows our clients by what `--client <theirs>=<cli_...>` says, and by their ids, here and at the provider. Throws `CommandFailure`. */
export async function createClientMap(service: ServiceClient, pairs: readonly string[]): Promise<ClientMap> {
  const ours = await clientIds(service);
  const named = new Map(pairs.map(readPair));
  for (const id of named.values()) if (!ours.has(id)) throw noSuchClient(id);
  return ({ clientNames, oauthClientId }) => {
    const name = clientNames.find((each) => named.has(each) || ours.has(each));
    const found = name === undefined ? onlyOneOf(ours, oauthClientId) : (named.get(name) ?? name);
    if (found === undefined) return noClient(clientNames);
    const its = ours.get(found);
    if (oauthClientId !== null && its !== oauthClientId) return otherClient(found, oauthClientId);
    return { client: found };
  };
}

/** The only client of ours that has this id at its provider; of two, somebody has to say which. */
function onlyOneOf(ours: ReadonlyMap<string, string>, oauthClientId: string | null): string | undefined {
  const [first, ...others] = [...ours].filter(([, oauthId]) => oauthId === oauthClientId);
  return others.length === 0 ? first?.[0] : undefined;
}

/** Ids of our clients, with those that they have at their providers. */
async function clientIds(service: ServiceClient): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let after: string | undefined; ;) {
    const page = await service.ask({ path: "/v1/clients", query: { after, limit: LARGEST_PAGE } }, pageSchema);
    for (const { id, client_id: oauthId } of page.clients) found.set(id, oauthId);
    if (page.next_after === null) return found;
    after = page.next_after;
  }
}

function readPair(text: string): [string, string] {
  const at = text.lastIndexOf("=");
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw new CommandFailure({
    exit: "usage",
    code: "usage",
    detail: "A --client is not usable.",
    next: "It has to be what the other system calls it and our id, such as google=cli_01jd...",
  });
}

function noSuchClient(id: string): CommandFailure {
  return new CommandFailure({
    exit: "not_found",
    code: "not_found",
    detail: `There is no client ${id}.`,
    next: "evergrant clients list shows what there is.",
  });
}

function noClient(names: readonly string[]): FoundClient {
  const name = names[0];
  const detail =
    name === undefined
      ? "It does not say which client it is of."
      : `No --client says which of our clients ${JSON.stringify(name)} is.`;
  return { verdict: "no_client", detail };
}

function otherClient(client: string, oauthClientId: string): FoundClient {
  const detail = `Its refresh token is of the client_id ${oauthClientId}, and ${client} has another; it works with the client that got it only.`;
  return { verdict: "other_client", detail };
}
