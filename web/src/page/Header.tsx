import { useState } from "react";
import { Problem } from "../api/http";
import { type Session, signOut } from "../api/session";
import { Link } from "./Link";

interface HeaderProps {
  session: Session | null;
  onSignedOut: () => void;
}

export function Header({ session, onSignedOut }: HeaderProps) {
  return (
    <header className="header">
      <Link to="/" className="brand">
        <img src="/favicon.svg" alt="" width="28" height="28" />
        Horarium
      </Link>
      {session && (
        <div className="header-reader">
          <span>
            {session.name}
            {session.is_admin && <span className="quiet"> administrator</span>}
          </span>
          <SignOut onSignedOut={onSignedOut} />
        </div>
      )}
    </header>
  );
}

/** Only the service can take back the cookie: until it has, whoever sits here next is let in. */
function SignOut({ onSignedOut }: { onSignedOut: () => void }) {
  const [problem, setProblem] = useState("");
  const leave = async () => {
    setProblem("");
    try {
      await signOut();
      onSignedOut();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) onSignedOut();
      else setProblem(error instanceof Problem ? error.title : "The answer cannot be read");
    }
  };
  return (
    <>
      <button type="button" className="plain" onClick={leave}>
        Sign out
      </button>
      {problem && (
        <p className="field-problem" role="alert">
          You are still signed in. {problem}.
        </p>
      )}
    </>
  );
}
