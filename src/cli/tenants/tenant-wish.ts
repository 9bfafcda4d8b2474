/** Limits as the API names them. */
export type Limits = Readonly<Record<string, number | null>>;

/** As the options say it. */
export interface TenantWish {
  name: string;
  publicUrl?: string;
  limit: Limits;
}

/** Limits as the command names them, and as the API does. */
export const LIMIT_NAMES: Readonly<Record<string, string>> = {
  clients: "clients",
  connections: "connections",
  "api-keys": "api_keys",
  "connect-sessions-per-hour": "connect_sessions_per_hour",
  "requests-per-minute": "requests_per_minute",
};
