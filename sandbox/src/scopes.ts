/** The scopes a client can ask for, and what the consent page says of each. */
export const scopes = new Map([
  ["openid", "Know who you are"],
  ["profile", "See your name"],
  ["email", "See your e-mail address"],
  ["offline_access", "Keep access while you are away"],
  ["files.read", "Read your files"],
  ["files.write", "Write files for you"],
]);
