import type { Session } from "../api/session";
import { Link } from "./Link";

export function Header({ session, onSignOut }: { session: Session | null; onSignOut: () => void }) {
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
          <button type="button" className="plain" onClick={onSignOut}>
            Sign out
          </button>
        </div>
      )}
    </header>
  );
}
