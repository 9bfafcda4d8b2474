import { fine, warning, wrong, type Finding } from "./finding.ts";
import type { Visit } from "./reach-providers.ts";

const CHECK = "provider";

type Trouble = Exclude<Visit["outcome"], "reached" | "too_large" | "undefined_provider">;

const TROUBLES: Readonly<Record<Trouble, { found: string; next: string }>> = {
  dns: { found: "its name is not known", next: "Check the name, and the DNS servers of this machine." },
  refused: { found: "no connection", next: "Check that it runs, and that no firewall stands between." },
  proxy: {
    found: "the proxy that HTTPS_PROXY names does not lead there",
    next: "Check the address and the password of the proxy, and what it allows; NO_PROXY names hosts that need none.",
  },
  tls: {
    found: "its certificate is not accepted",
    next: "Check the certificate; NODE_EXTRA_CA_CERTS adds an authority.",
  },
  timeout: { found: "no answer in time", next: "Check that it runs, and that no firewall or proxy stands between." },
  reset: {
    found: "the connection broke off",
    next: "Check that it runs, and that no firewall or proxy stands between.",
  },
  blocked_address: {
    found: "its address is private or not https, so nothing is sent there",
    next: "If it is a server of your own, add its host name to EVERGRANT_ALLOWED_PRIVATE_HOSTS.",
  },
  bad_url: { found: "its address is malformed", next: "Define the provider anew with PUT /v1/providers/{id}." },
};

/** Whether the providers in use can be reached from here. */
export function checkProviders(visits: readonly Visit[]): Finding[] {
  if (visits.length === 0) return [fine(CHECK, "no client uses one yet, so neither network nor clock was checked")];
  return visits.map(judge);
}

function judge({ provider, host, outcome }: Visit): Finding {
  if (outcome === "undefined_provider") {
    return warning(CHECK, `${provider} is not defined`, "Define it with PUT /v1/providers/{id}: clients use it.");
  }
  // A front page may be larger than any token endpoint's answer; it came, and that counts.
  if (outcome === "reached" || outcome === "too_large") return fine(CHECK, `${provider} (${host}) is reachable`);
  const { found, next } = TROUBLES[outcome];
  return wrong("unavailable", CHECK, `${provider} (${host}) is not reachable: ${found}`, next);
}
