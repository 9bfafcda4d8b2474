/** What the service answers, in the spelling of the wire. */
export const TOKEN = {
  access_token: "at-1-that-nobody-may-see",
  token_type: "Bearer",
  expires_at: null,
  scope: "read write",
  connection_id: "con_1",
  generation: 1,
  refresh_state: "ok",
};
