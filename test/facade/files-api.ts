import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { listen, type Identity } from "../stage/page-server.ts";
import type { Stage } from "../stage/stage.ts";

const pageSchema = z.object({
  files: z.array(z.object({ id: z.string(), name: z.string() })),
  next_page_token: z.string().optional(),
});

export type FilesPage = z.infer<typeof pageSchema>;

/** The sandbox's files in the words of another API. */
export interface FilesApi {
  port: number;
  /** The access tokens that it was shown, each once. */
  tokens(): ReadonlySet<string>;
  /** How often it was shown one that is over, or that the sandbox does not know. */
  refused(): number;
}

interface Dress {
  pageSize: number;
  pageToken: string;
  say(this: void, page: FilesPage, url: URL): unknown;
  identity?: Identity;
}

/**
 * Asks the sandbox with the token that it is shown, for one page. The sandbox's tokens end by the real clock; here they end by the
 * stage's, as long after they were first seen as the sandbox says that they live.
 */
export async function startFilesApi(stage: Stage, { pageSize, pageToken, say, identity }: Dress): Promise<FilesApi> {
  const life = stage.sandbox.control.behaviour().accessTokenLifetimeSeconds * 1000;
  const seen = new Map<string, number>();
  let refused = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { authorization = "", host = "" } = request.headers;
    const url = new URL(request.url ?? "", `https://${host}`);
    const now = stage.clock.now();
    if (!seen.has(authorization)) seen.set(authorization, now);
    const page = now - (seen.get(authorization) ?? 0) < life ? await pageOf(authorization, url) : null;
    if (!page) refused++;
    response.writeHead(page ? 200 : 401, { "content-type": "application/json" });
    response.end(JSON.stringify(page ? say(page, url) : { error: { code: 401, message: "The token is over." } }));
  }

  async function pageOf(authorization: string, url: URL): Promise<FilesPage | null> {
    const query = new URLSearchParams({ page_size: String(pageSize) });
    const from = url.searchParams.get(pageToken);
    if (from !== null) query.set("page_token", from);
    const answered = await fetch(`${stage.sandbox.url}/api/files?${query.toString()}`, {
      headers: { authorization, connection: "close" },
    });
    return answered.ok ? pageSchema.parse(await answered.json()) : null;
  }

  const port = await listen((request, response) => void answer(request, response), identity);
  return { port, tokens: () => new Set(seen.keys()), refused: () => refused };
}
