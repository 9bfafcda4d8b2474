import { CAUSES, sentenceForUser } from "../../connection/cause.ts";
import type { Locale } from "./locale.ts";

export const en: Locale = {
  tag: "en",
  dir: "ltr",
  anAccount: "your account",
  anotherAccount: "another account",
  footer: "Evergrant keeps OAuth connections alive.",
  reauthorize: {
    title: "Please sign in again",
    stopped: "The access to {account} at {provider} stopped working on {date}.",
    customerAdmin:
      "If {provider} does not let you through, an administrator of your organisation has to allow this access first. You can show them this page.",
    operator:
      "If signing in does not help for long, tell the people who run this service: there is something that only they can put right.",
    next: "You will be sent to {provider} to sign in with {account}. Nothing that you had is lost: what was waiting goes on by itself.",
    mayChange: "You may also sign in with another account. You will be asked before it takes the place of this one.",
    working: {
      title: "This connection works",
      text: "The access to {account} at {provider} works. You do not have to do anything.",
      next: "You can sign in again anyway: you will be sent to {provider} to sign in with {account}. Nothing that you have is lost.",
    },
    suspended: {
      title: "Nothing for you to do",
      text: "The access to {account} at {provider} is interrupted. Signing in again would not help: only the people who run this service can put it right.",
      wait: "When they have, everything goes on by itself.",
    },
    button: "Continue to {provider}",
  },
  onward: { title: "One moment", text: "You are being sent on.", link: "Go on" },
  result: {
    waiting: { title: "Almost done", text: "The connection is being set up." },
    connected: { title: "Connected", text: "The account is connected. You can close this page." },
    healed: {
      title: "Connected again",
      text: "The account is connected again, and what was waiting goes on by itself. You can close this page.",
    },
    briefly: { title: "Connected, with a problem", text: "The account is connected, but only for a short time." },
    failed: { title: "Not connected", text: "The connection could not be made. What you had before is as it was." },
  },
  otherAccount: {
    title: "This is another account",
    given: "You signed in with {other}. This connection belongs to {account}.",
    unknown: "{provider} did not say which account you signed in with. This connection belongs to {account}.",
    kept: "Nothing was changed. Sign in with that account to reconnect it.",
    signOut: "If {provider} does not ask which account to use, sign out there first.",
    again: "Try again with {account}",
    ask: {
      title: "Switch to another account?",
      given: "You signed in with {other}. This connection was for {account}.",
      consequence: "If you switch, {other} is used from now on, and {account} is no longer used here.",
      switch: "Switch to {other}",
      keep: "Keep {account}",
    },
  },
  failure: {
    title: "This did not work",
    passing: { title: "Please try again", text: "The service cannot do this right now. Nothing was lost." },
  },
  problems: {
    not_found: "This link does not work here.",
    conflict: "This link does not work any more.",
    limit_reached: "No more accounts can be connected here.",
    unknown_provider: "This account cannot be connected at the moment.",
    state_invalid: "The sign-in could not be finished.",
    connect_session_expired: "This link has expired or was withdrawn. Ask for a new one where you got it.",
    connection_disconnected: "This connection was ended. Connect the account anew where you use it.",
    access_denied: "Access was not allowed at the provider. Nothing was connected.",
    authorization_failed: "The sign-in at the provider did not succeed.",
    code_exchange_failed: "The provider did not complete the sign-in. Try again in a while.",
    refresh_token_missing: "The provider did not allow lasting access.",
    other: "Something went wrong.",
  },
  causes: fromCauses(),
};

/** The API tells the same sentences. */
function fromCauses(): Locale["causes"] {
  const sentences = CAUSES.map((cause) => [cause, sentenceForUser(cause)] as const);
  return Object.fromEntries(sentences) as Locale["causes"];
}
