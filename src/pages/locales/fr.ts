import type { Locale } from "./locale.ts";

const AGAIN = "Veuillez vous reconnecter pour continuer.";

export const fr: Locale = {
  tag: "fr",
  dir: "ltr",
  anAccount: "votre compte",
  anotherAccount: "un autre compte",
  footer: "Evergrant maintient les connexions OAuth en vie.",
  reauthorize: {
    title: "Veuillez vous reconnecter",
    stopped: "L’accès à {account} chez {provider} ne fonctionne plus depuis le {date}.",
    customerAdmin:
      "Si {provider} ne vous laisse pas passer, un administrateur de votre organisation doit d’abord autoriser cet accès. Vous pouvez lui montrer cette page.",
    operator:
      "Si la reconnexion n’aide pas durablement, prévenez les responsables de ce service : il y a quelque chose qu’eux seuls peuvent régler.",
    next: "Vous allez être dirigé vers {provider} pour vous connecter avec {account}. Rien de ce que vous aviez n’est perdu : ce qui attendait reprend tout seul.",
    mayChange:
      "Vous pouvez aussi vous connecter avec un autre compte. On vous le demandera avant qu’il ne remplace celui-ci.",
    working: {
      title: "Cette connexion fonctionne",
      text: "L’accès à {account} chez {provider} fonctionne. Vous n’avez rien à faire.",
      next: "Vous pouvez tout de même vous reconnecter : vous serez dirigé vers {provider} pour vous connecter avec {account}. Rien de ce que vous avez n’est perdu.",
    },
    suspended: {
      title: "Vous n’avez rien à faire",
      text: "L’accès à {account} chez {provider} est interrompu. Vous reconnecter n’y changerait rien : seuls les responsables de ce service peuvent le rétablir.",
      wait: "Ensuite, tout reprend tout seul.",
    },
    button: "Continuer vers {provider}",
  },
  onward: { title: "Un instant", text: "Vous allez être redirigé.", link: "Continuer" },
  result: {
    waiting: { title: "Presque terminé", text: "La connexion est en cours." },
    connected: { title: "Connecté", text: "Le compte est connecté. Vous pouvez fermer cette page." },
    healed: {
      title: "De nouveau connecté",
      text: "Le compte est de nouveau connecté, et ce qui attendait reprend tout seul. Vous pouvez fermer cette page.",
    },
    briefly: {
      title: "Connecté, avec un problème",
      text: "Le compte est connecté, mais seulement pour peu de temps.",
    },
    partly: {
      title: "Connecté, avec un problème",
      text: "Le compte est connecté, mais pas pour tout ce qui est nécessaire.",
    },
    failed: {
      title: "Non connecté",
      text: "La connexion n’a pas pu être établie. Ce que vous aviez avant est inchangé.",
    },
  },
  otherAccount: {
    title: "C’est un autre compte",
    given: "Vous vous êtes connecté avec {other}. Cette connexion appartient à {account}.",
    unknown:
      "{provider} n’a pas indiqué avec quel compte vous vous êtes connecté. Cette connexion appartient à {account}.",
    kept: "Rien n’a été modifié. Connectez-vous avec ce compte-là pour le rétablir.",
    signOut: "Si {provider} ne demande pas quel compte utiliser, déconnectez-vous d’abord là-bas.",
    again: "Réessayer avec {account}",
    ask: {
      title: "Passer à un autre compte ?",
      given: "Vous vous êtes connecté avec {other}. Cette connexion était pour {account}.",
      consequence: "Si vous changez, {other} est utilisé désormais, et {account} ne l’est plus ici.",
      switch: "Passer à {other}",
      keep: "Garder {account}",
    },
  },
  failure: {
    title: "Cela n’a pas fonctionné",
    passing: {
      title: "Veuillez réessayer",
      text: "Le service ne peut pas le faire en ce moment. Rien n’a été perdu.",
    },
  },
  problems: {
    not_found: "Ce lien ne fonctionne pas ici. Ouvrez-le exactement tel que vous l’avez reçu.",
    conflict: "Ce lien ne fonctionne plus. Demandez-en un nouveau là où vous l’avez obtenu.",
    limit_reached: "Aucun autre compte ne peut être connecté ici.",
    unknown_provider: "Ce compte ne peut pas être connecté pour le moment.",
    state_invalid:
      "La connexion n’a pas pu être terminée. Ouvrez de nouveau le lien et restez dans le même navigateur.",
    connect_session_expired: "Ce lien a expiré ou a été retiré. Demandez-en un nouveau là où vous l’avez obtenu.",
    connection_disconnected: "Cette connexion a pris fin. Reconnectez le compte là où vous l’utilisez.",
    access_denied: "L’accès n’a pas été autorisé chez le fournisseur. Rien n’a été connecté.",
    authorization_failed: "La connexion chez le fournisseur n’a pas abouti.",
    code_exchange_failed: "Le fournisseur n’a pas terminé la connexion. Réessayez plus tard.",
    refresh_token_missing: "Le fournisseur n’a pas autorisé d’accès durable.",
    scope_insufficient: "Connectez-vous à nouveau et autorisez tout ce qui est demandé, si vous le souhaitez.",
    other: "Un problème est survenu.",
  },
  causes: {
    unknown: `L’accès à votre compte a pris fin. ${AGAIN}`,
    revoked_by_user:
      "L’accès a été retiré dans les paramètres de votre compte. Reconnectez-vous si vous voulez le rétablir.",
    revoked_by_admin:
      "Un administrateur de votre organisation a mis fin à cet accès. Veuillez lui demander de l’autoriser.",
    revoked_for_security: `Le fournisseur a mis fin à l’accès pour protéger votre compte. ${AGAIN}`,
    password_changed: `L’accès a pris fin lorsque votre mot de passe a été changé. ${AGAIN}`,
    testing_status_expired: `L’accès était limité à sept jours. ${AGAIN}`,
    idle_expired: `L’accès a pris fin parce qu’il n’a pas été utilisé pendant longtemps. ${AGAIN}`,
    absolute_lifetime_reached: `L’accès est arrivé à son terme et doit être renouvelé. ${AGAIN}`,
    interaction_required: `Votre organisation vous demande de confirmer votre identité. ${AGAIN}`,
    token_limit_exceeded: `Le compte a été connecté trop de fois, c’est pourquoi cette connexion a pris fin. ${AGAIN}`,
    account_disabled: "Le compte est désactivé chez le fournisseur. Veuillez vous adresser à votre administrateur.",
    scope_insufficient:
      "Quelque chose de nécessaire n’a pas été autorisé. Reconnectez-vous et autorisez tout ce qui est demandé.",
    refresh_token_missing: `L’accès n’a été accordé que pour peu de temps. ${AGAIN}`,
    refresh_token_reused: `L’accès à votre compte a pris fin. ${AGAIN}`,
    rotation_lost: `L’accès à votre compte a été interrompu. ${AGAIN}`,
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
