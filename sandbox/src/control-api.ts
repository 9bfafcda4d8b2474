import type { IncomingMessage, ServerResponse } from "node:http";
import { answerError, answerJson, answerTooLarge } from "./answer.ts";
import { readBehaviourPatch, writeBehaviour } from "./behaviour-json.ts";
import { readClient, readSecret } from "./client-json.ts";
import type { Control } from "./control.ts";
import { writeCounts } from "./counts.ts";
import { readBody } from "./request-body.ts";
import type { Store } from "./store.ts";

/** What a control request comes to. */
type Outcome =
  | { kind: "json"; body: object }
  | { kind: "done" }
  | { kind: "bad"; problems: string[] }
  | { kind: "not_found"; what: string };

interface Route {
  method: string;
  /** Its first group, if any, is the name of a user or client. */
  path: RegExp;
  run(name: string, json: unknown): Promise<Outcome> | Outcome;
}

const bodyLimit = 64 * 1024;

/** The control, over HTTP and in snake_case, for other processes. Nobody has to authenticate: keep it on the loopback. */
export function createControlApi({ control, store }: { control: Control; store: Store }) {
  const routes = routesOf(control, store);

  return async function serve(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
    const here = routes.filter((route) => route.path.test(url.pathname));
    const route = here.find(({ method }) => method === req.method);
    if (here.length === 0) return answerError(res, 404, "not_found", "there is no such control");
    if (route === undefined) {
      res.setHeader("allow", here.map(({ method }) => method).join(", "));
      return answerError(res, 405, "invalid_request", `${url.pathname} does not take ${req.method}`);
    }
    const json = await readJson(req);
    if (json.kind === "too_large") return answerTooLarge(res, "the request body is too large");
    if (json.kind === "not_json") return answerError(res, 400, "invalid_request", "the request body is not JSON");
    const name = decodeName(route.path.exec(url.pathname)?.[1] ?? "");
    answer(res, await route.run(name, json.value));
  };
}

function routesOf(control: Control, store: Store): Route[] {
  const client = async (id: string, act: () => Promise<void>): Promise<Outcome> => {
    if (!store.clients.find(id)) return { kind: "not_found", what: "client" };
    await act();
    return { kind: "done" };
  };
  const user = async (name: string, act: () => Promise<void>): Promise<Outcome> => {
    if (!store.users.has(name)) return { kind: "not_found", what: "user" };
    await act();
    return { kind: "done" };
  };
  return [
    {
      method: "GET",
      path: /^\/control\/behaviour$/,
      run: () => ({ kind: "json", body: writeBehaviour(control.behaviour()) }),
    },
    {
      method: "PATCH",
      path: /^\/control\/behaviour$/,
      run: (_name, json) => {
        const { patch, problems } = readBehaviourPatch(json);
        if (problems.length > 0) return { kind: "bad", problems };
        control.change(patch);
        return { kind: "json", body: writeBehaviour(control.behaviour()) };
      },
    },
    { method: "GET", path: /^\/control\/counts$/, run: () => ({ kind: "json", body: writeCounts(control.counts()) }) },
    {
      method: "POST",
      path: /^\/control\/counts\/reset$/,
      run: () => {
        control.resetCounts();
        return { kind: "done" };
      },
    },
    {
      method: "PUT",
      path: /^\/control\/clients\/([^/]+)$/,
      run: async (id, json) => {
        const { client: wanted, problems } = readClient(id, json);
        if (problems.length > 0) return { kind: "bad", problems };
        await control.putClient(wanted);
        return { kind: "done" };
      },
    },
    {
      method: "POST",
      path: /^\/control\/clients\/([^/]+)\/disable$/,
      run: (id) => client(id, () => control.disableClient(id)),
    },
    {
      method: "POST",
      path: /^\/control\/clients\/([^/]+)\/enable$/,
      run: (id) => client(id, () => control.enableClient(id)),
    },
    {
      method: "POST",
      path: /^\/control\/clients\/([^/]+)\/secret$/,
      run: (id, json) => {
        const { secret, problems } = readSecret(json);
        if (problems.length > 0) return { kind: "bad", problems };
        return client(id, () => control.rotateClientSecret(id, secret));
      },
    },
    {
      method: "POST",
      path: /^\/control\/clients\/([^/]+)\/secrets$/,
      run: (id, json) => {
        const { secret, problems } = readSecret(json);
        if (problems.length > 0) return { kind: "bad", problems };
        return client(id, () => control.addClientSecret(id, secret));
      },
    },
    {
      method: "POST",
      path: /^\/control\/users\/([^/]+)\/revoke$/,
      run: (name) => user(name, () => control.revokeUser(name)),
    },
    {
      method: "POST",
      path: /^\/control\/users\/([^/]+)\/password$/,
      run: (name) => user(name, () => control.changePassword(name)),
    },
    {
      method: "POST",
      path: /^\/control\/revoke-all$/,
      run: async () => {
        await control.revokeAll();
        return { kind: "done" };
      },
    },
  ];
}

function answer(res: ServerResponse, outcome: Outcome): void {
  switch (outcome.kind) {
    case "json":
      return answerJson(res, 200, outcome.body);
    case "done":
      res.writeHead(204).end();
      return;
    case "bad":
      return answerError(res, 400, "invalid_request", outcome.problems.join("; "));
    case "not_found":
      return answerError(res, 404, "not_found", `there is no such ${outcome.what}`);
  }
}

type Json = { kind: "read"; value: unknown } | { kind: "too_large" } | { kind: "not_json" };

async function readJson(req: IncomingMessage): Promise<Json> {
  const body = await readBody(req, bodyLimit);
  if (body === null) return { kind: "too_large" };
  if (body.length === 0) return { kind: "read", value: undefined };
  try {
    return { kind: "read", value: JSON.parse(body.toString()) };
  } catch {
    return { kind: "not_json" };
  }
}

/** A name that is not well encoded is the name of nobody. */
function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return "";
  }
}
