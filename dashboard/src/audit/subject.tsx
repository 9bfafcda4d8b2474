import { Link } from "@tanstack/react-router";

/** What an act was done to; what has a page leads to it. */
export function Subject({ id }: { id: string | null }) {
  if (id === null) return "The installation";
  const page = PAGES.get(id.slice(0, id.indexOf("_")));
  if (page === undefined) return <code>{id}</code>;
  return (
    <Link to={page} params={{ id }}>
      {id}
    </Link>
  );
}

type PagePath = "/connections/$id" | "/clients/$id" | "/incidents/$id" | "/webhooks/$id";

const PAGES = new Map<string, PagePath>([
  ["con", "/connections/$id"],
  ["cli", "/clients/$id"],
  ["inc", "/incidents/$id"],
  ["whe", "/webhooks/$id"],
]);
