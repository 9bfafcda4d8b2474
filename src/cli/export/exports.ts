import { z } from "zod";
import { exportSchema } from "../../api/export-view.ts";
import { MINUTE } from "../../runtime/clock.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";
import { newFile } from "./new-file.ts";
import { readPublicKey } from "./recipient-key.ts";

type Export = z.infer<typeof exportSchema>;

export interface ExportRequest {
  recipient: string;
  reason: string;
  tenant?: string;
  client?: string;
  connection?: string[];
}

const pageSchema = z.object({ exports: z.array(exportSchema), next_before: z.string().nullable() });
const fetchedSchema = z.object({ document: z.string(), connections: z.int(), left_out: z.array(z.string()) });

const LARGEST_PAGE = 200;
/** Thousands of connections are held and sealed, after refreshes that are under way. */
const FETCH_DEADLINE = 4 * MINUTE;

export async function requestExport(service: ServiceClient, output: Output, wish: ExportRequest): Promise<void> {
  const { recipient, connection: connections, ...more } = wish;
  const body = { recipient_key: readPublicKey(recipient), ...more, ...(connections && { connections }) };
  const made = await service.ask({ method: "POST", path: "/v1/exports", body }, exportSchema);
  output.result(made, () =>
    [
      `${made.id}: ${made.connections} connections, for the key ${made.fingerprint}.`,
      "Another person compares that with the recipient, and approves it:",
      `evergrant export approve ${made.id} --fingerprint <what the recipient says>`,
    ].join("\n"),
  );
}

export function listExports(service: ServiceClient, output: Output): Promise<void> {
  return output.results(allExports(service), {
    all: (found) => {
      const header = ["ID", "STATUS", "CONNECTIONS", "EXPIRES", "FINGERPRINT", "REASON"].map((text): Cell => ({
        text,
        colour: "bold",
      }));
      return table([header, ...found.map(row)], output.paint).join("\n");
    },
    none: "No exports.",
  });
}

async function* allExports(service: ServiceClient): AsyncGenerator<Export> {
  for (let before: string | undefined; ;) {
    const page = await service.ask({ path: "/v1/exports", query: { before, limit: LARGEST_PAGE } }, pageSchema);
    yield* page.exports;
    if (page.next_before === null) return;
    before = page.next_before;
  }
}

function row({ id, status, connections, expires_at: expiresAt, fingerprint, reason }: Export): Cell[] {
  const texts = [id, status, String(connections), relativeTime(expiresAt), fingerprint, reason];
  return texts.map((text) => ({ text }));
}

export async function approveExport(
  service: ServiceClient,
  output: Output,
  { id, fingerprint }: { id: string; fingerprint: string },
): Promise<void> {
  const request = { method: "POST", path: path`/v1/exports/${id}/approve`, body: { fingerprint } } as const;
  const approved = await service.ask(request, exportSchema);
  output.result(
    approved,
    () => `${id} is approved. It can be fetched once, and expires ${relativeTime(approved.expires_at)}.`,
  );
}

export async function refuseExport(service: ServiceClient, output: Output, id: string): Promise<void> {
  const refused = await service.ask({ method: "POST", path: path`/v1/exports/${id}/refuse` }, exportSchema);
  output.result(refused, () => `${id} is refused.`);
}

/** The file is made first, because the document is given out once. */
export async function fetchExport(
  service: ServiceClient,
  output: Output,
  { id, out }: { id: string; out: string },
): Promise<void> {
  const file = newFile(out);
  const request = { method: "POST", path: path`/v1/exports/${id}/fetch`, deadline: FETCH_DEADLINE } as const;
  const fetched = await service.ask(request, fetchedSchema);
  file.fill(`${fetched.document}\n`);
  const { connections, left_out: leftOut } = fetched;
  const rest =
    leftOut.length === 0 ? "" : `\nLeft out, because they ended or were refreshed all the time: ${leftOut.join(", ")}`;
  output.result(
    { out, connections, left_out: leftOut },
    () => `${connections} connections are sealed in ${out}, and are not refreshed here any more.${rest}`,
  );
}
