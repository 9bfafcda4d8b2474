import { useMutation } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { signOut } from "../api/session.ts";
import { Button } from "../design/button.tsx";
import { Failure } from "../design/failure.tsx";

export function SignOut({ label }: { label: string }) {
  const leaving = useMutation({ mutationFn: signOut });
  return (
    <div>
      {leaving.isError && <Failure error={leaving.error} />}
      <Button quiet busy={leaving.isPending} onClick={() => leaving.mutate()}>
        <LogOut size={16} aria-hidden="true" />
        {label}
      </Button>
    </div>
  );
}
