import { useState } from "react";
import type { Provider } from "../api/client-shapes.ts";
import { addressOf } from "../api/ask.ts";
import { ProofFields } from "../clients/proof-fields.tsx";
import { WAYS, authenticationNamed } from "../clients/proof.ts";
import { CheckField } from "../design/check-field.tsx";
import { Field } from "../design/field.tsx";
import { ParameterFields } from "./parameter-fields.tsx";
import { PitfallList } from "./pitfall-list.tsx";
import { pitfallsBeside } from "./pitfalls.ts";

/** Clients of an application that is not published yet live by other rules there. */
const HAS_TESTING = "google";

export function ClientFields({ provider }: { provider: Provider }) {
  const pitfalls = pitfallsBeside(provider);
  return (
    <>
      <Registering name={provider.name} pitfalls={pitfalls.redirect} />
      <ParameterFields parameters={provider.parameters} />
      <Field label="Client ID" hint="Some providers call it application ID or app key.">
        {(id, described) => (
          <input
            id={id}
            aria-describedby={described}
            name="client_id"
            required
            maxLength={1000}
            autoComplete="off"
            spellCheck={false}
          />
        )}
      </Field>
      <Proof provider={provider} pitfalls={pitfalls.secret} />
      <Field label="Scopes" hint={<ScopesHint provider={provider} />}>
        {(id, described) => (
          <textarea id={id} aria-describedby={described} name="scopes" rows={3} spellCheck={false} autoComplete="off" />
        )}
      </Field>
      <PitfallList pitfalls={pitfalls.scopes} />
      <CheckField
        name="offline_access"
        label="Stay connected while the user is away"
        hint={<OfflineHint provider={provider} />}
        checked
      />
      <CheckField
        name="prove"
        label="Prove each new connection"
        hint="Refreshes once, right after a user has consented, so that a connection that cannot be kept alive is known at once."
        checked
      />
      {provider.dpop_algorithms.length > 0 && (
        <CheckField
          name="dpop"
          label="Bind its tokens to a key"
          hint="A stolen token is then of no use (DPoP). Those who call the API need a proof for each request."
        />
      )}
      {provider.id === HAS_TESTING && (
        <CheckField
          name="testing"
          label="Its consent screen is in status Testing"
          hint="You are warned before the seven days are over."
        />
      )}
      <PitfallList pitfalls={pitfalls.testing} />
    </>
  );
}

/** The exact redirect URI names the client, so it is there only when the client is. */
function Registering({ name, pitfalls }: { name: string; pitfalls: readonly string[] }) {
  return (
    <>
      <p>
        Register an application at {name} and bring its ID and its proof here. The exact redirect URI comes in the next
        step. If the form asks for one already, enter <code>{addressOf("oauth/callback/later")}</code> and replace it
        then.
      </p>
      <PitfallList pitfalls={pitfalls} />
    </>
  );
}

function Proof({ provider, pitfalls }: { provider: Provider; pitfalls: readonly string[] }) {
  const [authentication, setAuthentication] = useState(provider.authentication);
  return (
    <>
      <Field label="How the client proves itself" hint={`Usual at ${provider.name}: ${usual(provider)}.`}>
        {(id, described) => (
          <select
            id={id}
            aria-describedby={described}
            name="authentication"
            value={authentication}
            onChange={(event) => setAuthentication(authenticationNamed(event.target.value) ?? provider.authentication)}
          >
            {Object.entries(WAYS).map(([way, { words }]) => (
              <option key={way} value={way}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      <ProofFields authentication={authentication} about={ROTATION[provider.secret_rotation ?? "unknown"]} />
      <PitfallList pitfalls={pitfalls} />
    </>
  );
}

const ROTATION = {
  two_live: "This provider lets two live side by side while you change it.",
  replaced_at_once: "This provider ends the old one at once when you make another.",
  unknown: "",
} as const;

function usual({ authentication }: Provider): string {
  const { words } = WAYS[authentication];
  return words.charAt(0).toLowerCase() + words.slice(1);
}

function ScopesHint({ provider }: { provider: Provider }) {
  const ownScopes = [...provider.identity_scopes, ...provider.offline_access.scopes];
  return (
    <>
      One a line, as {provider.name} writes them.
      {ownScopes.length > 0 && <> Asked for anyway: {ownScopes.join(", ")}.</>}
    </>
  );
}

function OfflineHint({ provider }: { provider: Provider }) {
  const { scopes, parameters } = provider.offline_access;
  const asked = [...scopes, ...Object.entries(parameters).map(([name, value]) => `${name}=${value}`)];
  return (
    <>
      Without it there is no refresh token, and the connection ends with its first access token.
      {asked.length > 0 && <> Added to each request for that: {asked.join(", ")}.</>}
    </>
  );
}
