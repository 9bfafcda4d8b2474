import { z } from "zod";
import { historySchema } from "../../api/connection-view.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import type { Paint } from "../terminal/paint.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";
import { describeDetail } from "./describe-detail.ts";

type HistoryEntry = z.infer<typeof historySchema>;

interface HistoryRequest {
  id: string;
  limit: number;
}

const pageSchema = z.object({ history: z.array(historySchema) });

const LARGEST_PAGE = 200;

export function showHistory(service: ServiceClient, output: Output, request: HistoryRequest): Promise<void> {
  return output.results(entries(service, request), {
    all: (found) => listing(found, output.paint),
    none: "Nothing has happened yet.",
  });
}

/** A page that is not full is the last one. */
async function* entries(service: ServiceClient, { id, limit }: HistoryRequest) {
  let before: number | undefined;
  for (let left = limit; left > 0;) {
    const size = Math.min(left, LARGEST_PAGE);
    const query = { before, limit: size };
    const { history } = await service.ask({ path: path`/v1/connections/${id}/history`, query }, pageSchema);
    yield* history;
    if (history.length < size) return;
    before = history.at(-1)?.id;
    left -= history.length;
  }
}

function listing(found: readonly HistoryEntry[], paint: Paint): string {
  const header = ["WHEN", "WHAT", "GENERATION", "DETAIL"].map((text): Cell => ({ text, colour: "bold" }));
  return table([header, ...found.map(row)], paint).join("\n");
}

function row({ at, kind, generation, detail }: HistoryEntry): Cell[] {
  return [{ text: relativeTime(at) }, { text: kind }, { text: String(generation) }, { text: describeDetail(detail) }];
}
