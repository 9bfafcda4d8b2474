import type { Locale } from "./locale.ts";

const AGAIN = "Inicie sesión de nuevo para continuar.";

export const es: Locale = {
  tag: "es",
  dir: "ltr",
  anAccount: "su cuenta",
  anotherAccount: "otra cuenta",
  footer: "Evergrant mantiene vivas las conexiones OAuth.",
  reauthorize: {
    title: "Inicie sesión de nuevo",
    stopped: "El acceso a {account} en {provider} dejó de funcionar el {date}.",
    customerAdmin:
      "Si {provider} no le deja pasar, un administrador de su organización tiene que permitir antes este acceso. Puede mostrarle esta página.",
    operator:
      "Si iniciar sesión no ayuda de forma duradera, avise a quienes gestionan este servicio: hay algo que solo ellos pueden arreglar.",
    next: "Irá a {provider} para iniciar sesión con {account}. No se pierde nada de lo que tenía: lo que estaba en espera continúa solo.",
    mayChange: "También puede iniciar sesión con otra cuenta. Se le preguntará antes de que ocupe el lugar de esta.",
    working: {
      title: "Esta conexión funciona",
      text: "El acceso a {account} en {provider} funciona. No tiene que hacer nada.",
      next: "Puede iniciar sesión de nuevo de todos modos: irá a {provider} para iniciar sesión con {account}. No se pierde nada de lo que tiene.",
    },
    suspended: {
      title: "No tiene que hacer nada",
      text: "El acceso a {account} en {provider} está interrumpido. Iniciar sesión de nuevo no ayudaría: solo quienes gestionan este servicio pueden arreglarlo.",
      wait: "Cuando lo hayan hecho, todo continúa solo.",
    },
    button: "Continuar a {provider}",
  },
  onward: { title: "Un momento", text: "Se le está redirigiendo.", link: "Continuar" },
  result: {
    waiting: { title: "Casi listo", text: "La conexión se está preparando." },
    connected: { title: "Conectada", text: "La cuenta está conectada. Puede cerrar esta página." },
    healed: {
      title: "Conectada de nuevo",
      text: "La cuenta está conectada de nuevo y lo que estaba en espera continúa solo. Puede cerrar esta página.",
    },
    briefly: { title: "Conectada, con un problema", text: "La cuenta está conectada, pero solo por poco tiempo." },
    partly: {
      title: "Conectada, con un problema",
      text: "La cuenta está conectada, pero no para todo lo que se necesita.",
    },
    failed: { title: "No conectada", text: "No se pudo establecer la conexión. Lo que tenía antes sigue igual." },
  },
  otherAccount: {
    title: "Esta es otra cuenta",
    given: "Ha iniciado sesión con {other}. Esta conexión es de {account}.",
    unknown: "{provider} no dijo con qué cuenta ha iniciado sesión. Esta conexión es de {account}.",
    kept: "No se ha cambiado nada. Inicie sesión con esa cuenta para volver a conectarla.",
    signOut: "Si {provider} no pregunta qué cuenta usar, cierre antes la sesión allí.",
    again: "Intentarlo de nuevo con {account}",
    ask: {
      title: "¿Cambiar a otra cuenta?",
      given: "Ha iniciado sesión con {other}. Esta conexión era de {account}.",
      consequence: "Si cambia, a partir de ahora se usa {other}, y {account} deja de usarse aquí.",
      switch: "Cambiar a {other}",
      keep: "Mantener {account}",
    },
  },
  failure: {
    title: "No ha funcionado",
    passing: {
      title: "Inténtelo de nuevo",
      text: "El servicio no puede hacer esto en este momento. No se ha perdido nada.",
    },
  },
  problems: {
    not_found: "Este enlace no funciona aquí. Ábralo exactamente como lo recibió.",
    conflict: "Este enlace ya no funciona. Pida uno nuevo donde lo obtuvo.",
    limit_reached: "Aquí no se pueden conectar más cuentas.",
    unknown_provider: "Esta cuenta no se puede conectar en este momento.",
    state_invalid: "No se pudo terminar el inicio de sesión. Abra el enlace otra vez y no cambie de navegador.",
    connect_session_expired: "Este enlace ha caducado o fue retirado. Pida uno nuevo donde lo obtuvo.",
    connection_disconnected: "Esta conexión ha terminado. Vuelva a conectar la cuenta allí donde la usa.",
    access_denied: "El acceso no fue permitido en el proveedor. No se ha conectado nada.",
    authorization_failed: "El inicio de sesión en el proveedor no tuvo éxito.",
    code_exchange_failed: "El proveedor no completó el inicio de sesión. Inténtelo de nuevo más tarde.",
    refresh_token_missing: "El proveedor no permitió un acceso duradero.",
    scope_insufficient: "Inicie sesión de nuevo y permita todo lo que se solicita, si así lo desea.",
    other: "Algo ha salido mal.",
  },
  causes: {
    unknown: `El acceso a su cuenta ha terminado. ${AGAIN}`,
    revoked_by_user:
      "El acceso se eliminó en la configuración de su cuenta. Inicie sesión de nuevo si quiere recuperarlo.",
    revoked_by_admin: "Un administrador de su organización ha terminado este acceso. Pídale que lo permita.",
    revoked_for_security: `El proveedor terminó el acceso para proteger su cuenta. ${AGAIN}`,
    password_changed: `El acceso terminó cuando se cambió su contraseña. ${AGAIN}`,
    testing_status_expired: `El acceso estaba limitado a siete días. ${AGAIN}`,
    idle_expired: `El acceso terminó porque no se usó durante mucho tiempo. ${AGAIN}`,
    absolute_lifetime_reached: `El acceso ha llegado a su fin y hay que renovarlo. ${AGAIN}`,
    interaction_required: `Su organización le pide que confirme quién es. ${AGAIN}`,
    token_limit_exceeded: `La cuenta se conectó demasiadas veces, por lo que esta conexión terminó. ${AGAIN}`,
    account_disabled: "La cuenta está desactivada en el proveedor. Consulte a su administrador.",
    scope_insufficient:
      "No se permitió algo que es necesario. Inicie sesión de nuevo y permita todo lo que se le pida.",
    refresh_token_missing: `El acceso se concedió solo por poco tiempo. ${AGAIN}`,
    refresh_token_reused: `El acceso a su cuenta ha terminado. ${AGAIN}`,
    rotation_lost: `El acceso a su cuenta se interrumpió. ${AGAIN}`,
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
