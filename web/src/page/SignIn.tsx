import { type FormEvent, useState } from "react";
import { Problem } from "../api/http";
import { type Session, signIn } from "../api/session";
import { usePageTitle } from "../hooks/usePageTitle";

interface SignInProps {
  /** Why the token in the address was not taken, if there was one. */
  refused: Problem | null;
  onSignedIn: (session: Session) => void;
}

export function SignIn({ refused, onSignedIn }: SignInProps) {
  usePageTitle("Sign in");
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState(refused);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      onSignedIn(await signIn(token.trim()));
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, "The answer cannot be read"));
      setBusy(false);
    }
  };

  return (
    <form className="card sign-in" onSubmit={submit}>
      <h1>Sign in</h1>
      <p className="quiet">
        Open the link that the service printed when it started, or paste your token here.
      </p>
      <label className="field">
        <span>Token</span>
        <input
          type="password"
          autoComplete="current-password"
          required
          value={token}
          aria-invalid={problem !== null}
          aria-describedby={problem ? "sign-in-problem" : undefined}
          onChange={(event) => setToken(event.target.value)}
        />
      </label>
      {problem && (
        <p id="sign-in-problem" className="field-problem" role="alert">
          {problem.status === 401 || problem.status === 403
            ? "This token is not known, or is no longer valid."
            : problem.message}
        </p>
      )}
      <button type="submit" className="primary" disabled={busy || !token.trim()}>
        {busy ? "Signing in …" : "Sign in"}
      </button>
    </form>
  );
}
