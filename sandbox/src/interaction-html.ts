import { scopes as meanings } from "./scopes.ts";

/** The pages people see. They work without script and carry none. */

interface LoginPage {
  clientId: string;
  users: string[];
  /** `login_hint` of the authorization request. */
  hint: string | undefined;
}

export function renderLoginPage({ clientId, users, hint }: LoginPage): string {
  const hinted = (user: string) => user === hint;
  const ordered = [...users.filter(hinted), ...users.filter((user) => !hinted(user))];
  const buttons = ordered.map(
    (user) =>
      `<button name="user" value="${escape(user)}"${hinted(user) ? ' class="main" autofocus' : ""}>Continue as ${escape(user)}</button>`,
  );
  return page(
    "Sign in",
    `<p><strong>${escape(clientId)}</strong> asks you to sign in.</p>
<form method="post" data-sandbox-page="login">${buttons.join("\n")}</form>`,
  );
}

interface ConsentPage {
  clientId: string;
  user: string;
  scopes: string[];
}

export function renderConsentPage({ clientId, user, scopes }: ConsentPage): string {
  const items = scopes.map((scope) => `<li>${meanings.get(scope) ?? ""} <code>${escape(scope)}</code></li>`);
  return page(
    "Allow access",
    `<p><strong>${escape(clientId)}</strong> asks <strong>${escape(user)}</strong> for:</p>
<ul>${items.join("\n")}</ul>
<form method="post" data-sandbox-page="consent">
<button name="decision" value="allow" class="main">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>`,
  );
}

export function renderErrorPage(error: string, description: string | undefined): string {
  return page("That did not work", `<p>${escape(description ?? "")}</p><p><code>${escape(error)}</code></p>`);
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - Evergrant sandbox</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${content}
<footer>Evergrant sandbox: no real account is involved.</footer>
</main>
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 16px/1.5 system-ui, sans-serif; }
main { box-sizing: border-box; width: min(24rem, 100%); padding: 1.5rem; }
h1 { font-size: 1.4rem; margin: 0 0 0.5rem; }
ul { padding-left: 1.2rem; }
code { font-size: 0.85em; opacity: 0.7; }
button { display: block; width: 100%; margin: 0.5rem 0; padding: 0.7rem; font: inherit; border: 1px solid #888;
  border-radius: 0.4rem; background: transparent; color: inherit; cursor: pointer; }
button.main { background: #1f6f43; border-color: #1f6f43; color: #fff; }
button:focus-visible { outline: 3px solid #6bb38c; outline-offset: 2px; }
footer { margin-top: 1.5rem; font-size: 0.8rem; opacity: 0.7; }
`;

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
