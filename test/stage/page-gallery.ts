import fastify from "fastify";
import type { ConnectSession } from "../../src/connect/connect-session.ts";
import type { Reauthorization } from "../../src/connect/reauthorize.ts";
import type { Cause } from "../../src/connection/cause.ts";
import { failurePage } from "../../src/pages/failure-page.ts";
import type { Locale } from "../../src/pages/locales/locale.ts";
import { onwardPage } from "../../src/pages/onward-page.ts";
import { sendPage, type Page } from "../../src/pages/page.ts";
import { reauthorizePage } from "../../src/pages/reauthorize-page.ts";
import { resultPage } from "../../src/pages/result-page.ts";
import { providerSchema } from "../../src/provider/provider.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { newConnection } from "./world.ts";

/** Every page that a user may see, in each of its states, by a name. */
export const GALLERY: Readonly<Record<string, (locale: Locale) => Page>> = {
  asking: (locale) => reauthorizePage(locale, asked({})),
  "asking-administrator": (locale) => reauthorizePage(locale, asked({ cause: "revoked_by_admin" })),
  "asking-operator": (locale) => reauthorizePage(locale, asked({ cause: "testing_status_expired" })),
  "asking-choice": (locale) => reauthorizePage(locale, asked({ account: "may_change" })),
  "asking-long": (locale) => reauthorizePage(locale, asked({ label: LONG, provider: LONG.replace("@", " of ") })),
  "asking-nameless": (locale) => reauthorizePage(locale, asked({ label: null })),
  working: (locale) => reauthorizePage(locale, asked({ state: "working" })),
  suspended: (locale) => reauthorizePage(locale, asked({ state: "suspended" })),
  onward: (locale) => onwardPage(locale, "/onward-to"),
  connected: (locale) => result(locale, { status: "completed" }, false),
  healed: (locale) => result(locale, { status: "completed" }, true),
  waiting: (locale) => result(locale, { status: "exchanging" }),
  denied: (locale) => result(locale, failed("access_denied", "Access was not allowed.")),
  refused: (locale) => result(locale, failed("code_exchange_failed", "The token endpoint could not be reached.")),
  briefly: (locale) =>
    result(locale, { ...failed("refresh_token_missing", "prompt=consent was missing."), status: "completed" }),
  "other-account": (locale) => result(locale, other("failed", "ben@example.com")),
  "other-account-nameless": (locale) => result(locale, other("failed", null)),
  "switch-account": (locale) => result(locale, other("switching", "ben@example.com")),
  "switch-account-long": (locale) => result(locale, other("switching", LONG)),
  expired: (locale) => failurePage(locale, new ServiceError("connect_session_expired", "It has expired.")),
  "not-found": (locale) => failurePage(locale, new ServiceError("not_found", "This link is not for this address.")),
  passing: (locale) => failurePage(locale, new ServiceError("store_unavailable", "The store is down.")),
};

const LONG = `a.very.long.address.without.any.place.to.break.it.${"x".repeat(120)}@subsidiary.example.com`;

/** Serves `/{tag}/{name}` until it is closed, with the shield of a real page. */
export async function startGallery(locales: readonly Locale[]) {
  const app = fastify();
  for (const locale of locales) {
    for (const [name, page] of Object.entries(GALLERY)) {
      app.get(`/${locale.tag}/${name}`, (_request, reply) => sendPage(reply, page(locale)));
    }
  }
  return { origin: await app.listen({ port: 0, host: "127.0.0.1" }), close: () => app.close() };
}

interface Circumstances {
  state?: Reauthorization["state"];
  cause?: Cause;
  label?: string | null;
  provider?: string;
  account?: Reauthorization["account"];
}

function asked({
  state = "broken",
  cause = "password_changed",
  label = "ada@example.com",
  provider = "Google",
  account = "same",
}: Circumstances): Reauthorization {
  return {
    state,
    account,
    elsewhere: null,
    connection: {
      ...newConnection("con_1", { id: "cli_1", providerId: "p" }),
      account: { id: "1", label },
      status: "reauthorization_required",
      diagnosis: { cause, confidence: "certain", evidence: {} },
      statusSince: Date.UTC(2026, 10, 20),
      createdAt: 0,
      lastReadAt: null,
      linkEpoch: 0,
      requiredScopes: [],
      missingScopes: [],
      isImported: false,
      claims: null,
    },
    provider: providerSchema.parse({
      id: "p",
      name: provider,
      authorization_url: "https://as.example/authorize",
      token_url: "https://as.example/token",
    }),
  };
}

type Result = Pick<ConnectSession, "status"> & { problem?: ConnectSession["problem"] };

function result(locale: Locale, { status, problem = null }: Result, isHealed = false): Page {
  const form = { path: "/connect/cs_1/account", confirmation: "c" };
  return resultPage(locale, { ...SESSION, status, problem }, { provider: "Google", isHealed }, form);
}

function failed(code: NonNullable<ConnectSession["problem"]>["code"], detail: string): Result {
  return { status: "failed", problem: { code, detail } };
}

function other(status: ConnectSession["status"], given: string | null): Result {
  return {
    status,
    problem: { code: "account_mismatch", detail: "Another one.", accounts: { expected: "ada@example.com", given } },
  };
}

const SESSION: ConnectSession = {
  id: "cs_1",
  tenantId: "default",
  clientId: "cli_1",
  requiredScopes: [],
  connectionId: "con_1",
  endUser: null,
  scopes: [],
  parameters: {},
  returnUrl: null,
  completion: "automatic",
  switchEpoch: null,
  status: "completed",
  linkHash: "",
  attempt: null,
  sealedCode: null,
  sealedArrival: null,
  problem: null,
  createdAt: 0,
  expiresAt: 0,
};
