import type { Locale } from "./locale.ts";

const AGAIN = "Bitte melden Sie sich erneut an.";

export const de: Locale = {
  tag: "de",
  dir: "ltr",
  anAccount: "Ihr Konto",
  anotherAccount: "ein anderes Konto",
  footer: "Evergrant hält OAuth-Verbindungen am Leben.",
  reauthorize: {
    title: "Bitte melden Sie sich erneut an",
    stopped: "Der Zugriff auf {account} bei {provider} funktioniert seit dem {date} nicht mehr.",
    customerAdmin:
      "Wenn {provider} die Anmeldung nicht zulässt, muss zuerst die Administration Ihrer Organisation diesen Zugriff erlauben. Sie können ihr diese Seite zeigen.",
    operator:
      "Wenn das Anmelden nicht dauerhaft hilft, sagen Sie es den Betreibern dieses Dienstes: Dann gibt es etwas, das nur sie richten können.",
    next: "Sie werden zu {provider} geleitet, um {account} wieder anzumelden. Nichts geht verloren: Was gewartet hat, läuft von selbst weiter.",
    mayChange:
      "Sie können sich auch mit einem anderen Konto anmelden. Sie werden gefragt, bevor es dieses hier ablöst.",
    working: {
      title: "Diese Verbindung funktioniert",
      text: "Der Zugriff auf {account} bei {provider} funktioniert. Sie müssen nichts tun.",
      next: "Sie können sich trotzdem erneut anmelden: Sie werden zu {provider} geleitet, um {account} wieder anzumelden. Nichts geht verloren.",
    },
    suspended: {
      title: "Sie müssen nichts tun",
      text: "Der Zugriff auf {account} bei {provider} ist unterbrochen. Eine erneute Anmeldung würde nicht helfen: Nur die Betreiber dieses Dienstes können das richten.",
      wait: "Danach läuft alles von selbst weiter.",
    },
    button: "Weiter zu {provider}",
  },
  onward: { title: "Einen Moment", text: "Sie werden weitergeleitet.", link: "Weiter" },
  result: {
    waiting: { title: "Fast fertig", text: "Die Verbindung wird eingerichtet." },
    connected: { title: "Verbunden", text: "Das Konto ist verbunden. Sie können diese Seite schließen." },
    healed: {
      title: "Wieder verbunden",
      text: "Das Konto ist wieder verbunden, und was gewartet hat, läuft von selbst weiter. Sie können diese Seite schließen.",
    },
    briefly: { title: "Verbunden, mit einem Problem", text: "Das Konto ist verbunden, aber nur für kurze Zeit." },
    partly: {
      title: "Verbunden, mit einem Problem",
      text: "Das Konto ist verbunden, aber nicht für alles, wofür es gebraucht wird.",
    },
    failed: {
      title: "Nicht verbunden",
      text: "Die Verbindung kam nicht zustande. Was Sie vorher hatten, ist unverändert.",
    },
  },
  otherAccount: {
    title: "Das ist ein anderes Konto",
    given: "Sie haben {other} angemeldet. Diese Verbindung ist für {account}.",
    unknown:
      "{provider} hat nicht mitgeteilt, mit welchem Konto Sie sich angemeldet haben. Diese Verbindung ist für {account}.",
    kept: "Es wurde nichts geändert. Melden Sie sich mit jenem Konto an, um es wieder zu verbinden.",
    signOut: "Wenn {provider} nicht fragt, welches Konto verwendet werden soll, melden Sie sich dort zuerst ab.",
    again: "{account} anmelden",
    ask: {
      title: "Zu einem anderen Konto wechseln?",
      given: "Sie haben {other} angemeldet. Diese Verbindung war für {account}.",
      consequence: "Wenn Sie wechseln, wird ab jetzt {other} verwendet und {account} hier nicht mehr.",
      switch: "{other} verwenden",
      keep: "{account} behalten",
    },
  },
  failure: {
    title: "Das hat nicht funktioniert",
    passing: {
      title: "Bitte versuchen Sie es noch einmal",
      text: "Der Dienst kann das gerade nicht ausführen. Nichts ging verloren.",
    },
  },
  problems: {
    not_found: "Dieser Link funktioniert hier nicht. Öffnen Sie ihn genau so, wie Sie ihn bekommen haben.",
    conflict: "Dieser Link funktioniert nicht mehr. Fordern Sie dort, wo Sie ihn bekommen haben, einen neuen an.",
    limit_reached: "Hier können keine weiteren Konten verbunden werden.",
    unknown_provider: "Dieses Konto kann im Moment nicht verbunden werden.",
    state_invalid:
      "Die Anmeldung konnte nicht abgeschlossen werden. Öffnen Sie den Link noch einmal, und bleiben Sie in einem Browser.",
    connect_session_expired:
      "Dieser Link ist abgelaufen oder wurde zurückgezogen. Fordern Sie dort, wo Sie ihn bekommen haben, einen neuen an.",
    connection_disconnected: "Diese Verbindung wurde beendet. Verbinden Sie das Konto dort neu, wo Sie es benutzen.",
    access_denied: "Der Zugriff wurde beim Anbieter nicht erlaubt. Es wurde nichts verbunden.",
    authorization_failed: "Die Anmeldung beim Anbieter ist nicht gelungen.",
    code_exchange_failed: "Der Anbieter hat die Anmeldung nicht abgeschlossen. Versuchen Sie es später noch einmal.",
    refresh_token_missing: "Der Anbieter hat keinen dauerhaften Zugriff erlaubt.",
    scope_insufficient:
      "Melden Sie sich noch einmal an und erlauben Sie alles, worum gebeten wird, wenn Sie das möchten.",
    other: "Etwas ist schiefgegangen.",
  },
  causes: {
    unknown: `Der Zugriff auf Ihr Konto ist beendet. ${AGAIN}`,
    revoked_by_user:
      "Der Zugriff wurde in den Einstellungen Ihres Kontos entfernt. Melden Sie sich erneut an, wenn Sie ihn wieder möchten.",
    revoked_by_admin:
      "Die Administration Ihrer Organisation hat diesen Zugriff beendet. Bitten Sie sie, ihn wieder zu erlauben.",
    revoked_for_security: `Der Anbieter hat den Zugriff zum Schutz Ihres Kontos beendet. ${AGAIN}`,
    password_changed: `Der Zugriff endete, als Ihr Passwort geändert wurde. ${AGAIN}`,
    testing_status_expired: `Der Zugriff war auf sieben Tage begrenzt. ${AGAIN}`,
    idle_expired: `Der Zugriff endete, weil er lange nicht benutzt wurde. ${AGAIN}`,
    absolute_lifetime_reached: `Der Zugriff ist ausgelaufen und muss erneuert werden. ${AGAIN}`,
    interaction_required: `Ihre Organisation verlangt, dass Sie sich ausweisen. ${AGAIN}`,
    token_limit_exceeded: `Das Konto wurde zu oft verbunden, deshalb endete diese Verbindung. ${AGAIN}`,
    account_disabled: "Das Konto ist beim Anbieter gesperrt. Bitte wenden Sie sich an Ihre Administration.",
    scope_insufficient:
      "Etwas Nötiges wurde nicht erlaubt. Melden Sie sich erneut an, und erlauben Sie alles, wonach gefragt wird.",
    refresh_token_missing: `Der Zugriff wurde nur für kurze Zeit gewährt. ${AGAIN}`,
    refresh_token_reused: `Der Zugriff auf Ihr Konto ist beendet. ${AGAIN}`,
    rotation_lost: `Der Zugriff auf Ihr Konto wurde unterbrochen. ${AGAIN}`,
    client_secret_rejected: null,
    client_disabled: null,
    api_rejects_fresh_token: null,
    provider_unavailable: null,
    provider_rate_limited: null,
    provider_response_unrecognised: null,
    network_policy: null,
    key_unavailable: null,
    journal_unavailable: null,
    restored_from_backup: null,
    moved_out: null,
  },
};
