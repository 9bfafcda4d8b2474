import type { Database } from "better-sqlite3";

/** The people who can sign in. A user is a name; there are no passwords. */
export interface UserTable {
  add(user: string): void;
  has(user: string): boolean;
  all(): string[];
}

export function createUserTable(database: Database): UserTable {
  database.exec("CREATE TABLE IF NOT EXISTS user (name TEXT PRIMARY KEY)");
  const add = database.prepare("INSERT OR IGNORE INTO user (name) VALUES (?)");
  const has = database.prepare<[string], number>("SELECT 1 FROM user WHERE name = ?").pluck();
  const all = database.prepare<[], string>("SELECT name FROM user ORDER BY rowid").pluck();
  return {
    add: (user) => void add.run(user),
    has: (user) => has.get(user) !== undefined,
    all: () => all.all(),
  };
}
