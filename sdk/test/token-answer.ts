/** What the service answers, in the spelling of the wire. */
export const TOKEN = {
  access_token: "at-1-that-nobody-may-see",
  token_type: "Bearer",
  expires_at: null,
  scope: "read write",
  answer_fields: { instance_url: "https://acme.example" },
  connection_id: "con_1",
  generation: 1,
  refresh_state: "ok",
};
