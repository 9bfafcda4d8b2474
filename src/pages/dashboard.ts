import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import serveFiles from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import { isElsewhere } from "../connect/arrival-address.ts";
import type { ConnectPorts } from "../connect/ports.ts";
import { randomToken, type Random } from "../runtime/random.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { pathOf, sendAway } from "./page.ts";

export interface DashboardDeps {
  publicUrl: string;
  tenants: ConnectPorts["tenants"];
  random: Random;
  /** Operators may sign in at an issuer, and not only with a key. */
  hasSignIn: boolean;
}

/** As `npm run build` leaves it, seen from here and from where this is compiled to. */
const BUILT = fileURLToPath(new URL("../../dist/dashboard", import.meta.url));

/** The operators' application: its files, and one page whatever the address under `/dashboard/`. It is a client of the API. */
export function registerDashboard(app: Pick<FastifyInstance, "register">, deps: DashboardDeps): void {
  void app.register(async (dashboard: FastifyInstance) => {
    dashboard.addHook("preHandler", async ({ host }) => {
      if (await isElsewhere(deps, host, deps.publicUrl)) {
        throw new ServiceError("not_found", "Operators do not sign in at this address.");
      }
    });
    await dashboard.register(serveFiles, {
      root: `${BUILT}/assets`,
      prefix: "/dashboard/assets/",
      preCompressed: true,
      // Their names change with what is in them.
      immutable: true,
      maxAge: "365d",
      setHeaders: (response) => {
        response.setHeader("x-content-type-options", "nosniff");
        response.setHeader("vary", "accept-encoding");
      },
    });
    const hidden = { schema: { hide: true } };
    for (const path of ["/", "/dashboard"]) {
      dashboard.get(path, hidden, (_request, reply) => sendAway(reply, basePath(deps.publicUrl), 303));
    }
    dashboard.get("/dashboard/*", hidden, (_request, reply) => sendApplication(deps, reply));
  });
}

async function sendApplication(
  { publicUrl, hasSignIn, random }: DashboardDeps,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const template = await readFile(`${BUILT}/index.html`, "utf8").catch(() => {
    throw new ServiceError("not_found", "The dashboard has not been built: run npm run build.");
  });
  const nonce = randomToken(random, 16);
  const page = template
    .replaceAll("NONCE", nonce)
    .replace('href="BASE"', `href="${basePath(publicUrl)}"`)
    .replace("SIGN_IN", hasSignIn ? "issuer" : "key");
  return reply.headers(headersWith(nonce)).type("text/html; charset=utf-8").send(page);
}

function basePath(publicUrl: string): string {
  return `${pathOf(publicUrl)}/dashboard/`;
}

/** Nothing from elsewhere, nothing inline but what carries this page's nonce, and no frame around it. */
function headersWith(nonce: string): Record<string, string> {
  return {
    "content-security-policy": [
      "default-src 'none'",
      "script-src 'self'",
      `style-src 'self' 'nonce-${nonce}'`,
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ].join("; "),
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
  };
}
