import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Problem } from "../api/http";
import { type Session, signIn, takeToken, whoAmI } from "../api/session";
import { Notice, ProblemNotice } from "../components/Notice";
import { SessionContext } from "../hooks/session";
import { Header } from "./Header";
import { Home } from "./Home";
import { JobPage } from "./JobPage";
import { Link } from "./Link";
import { routeOf, usePath } from "./route";
import { SignIn } from "./SignIn";

/** Who the reader is, as far as the page knows. */
type Reader =
  | { is: "asked for" }
  | { is: "unknown"; refused: Problem | null }
  | { is: "known"; session: Session }
  | { is: "out of reach"; problem: Problem };

async function arrive(token: string | null): Promise<Reader> {
  try {
    return { is: "known", session: await (token === null ? whoAmI() : signIn(token)) };
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem(0, "The answer cannot be read");
    if (problem.status !== 401 && problem.status !== 403) return { is: "out of reach", problem };
    return { is: "unknown", refused: token === null ? null : problem };
  }
}

/** @param token the one that was in the page's address, if any */
export function App({ token }: { token: string | null }) {
  const [reader, setReader] = useState<Reader>({ is: "asked for" });
  const path = usePath();
  const route = routeOf(path);

  const ask = useCallback((given: string | null) => {
    setReader({ is: "asked for" });
    void arrive(given).then(setReader);
  }, []);
  useEffect(() => {
    ask(token);
    // A link with a token may be opened where the page already is.
    const again = () => {
      const given = takeToken(location, history);
      if (given !== null) ask(given);
    };
    addEventListener("hashchange", again);
    return () => removeEventListener("hashchange", again);
  }, [ask, token]);

  // A page that is gone to is read from its beginning; the browser sees to that only when it loads one.
  const main = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    main.current?.focus({ preventScroll: true });
  }, [path]);

  const expire = useCallback(() => setReader({ is: "unknown", refused: null }), []);
  const session = reader.is === "known" ? reader.session : null;
  const sessionState = useMemo(() => ({ session, expire }), [session, expire]);

  return (
    <SessionContext value={sessionState}>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Header session={session} onSignedOut={expire} />
      <main id="main" tabIndex={-1} ref={main}>
        {reader.is === "asked for" && <p className="quiet page-loading">One moment …</p>}
        {reader.is === "out of reach" && (
          <ProblemNotice isPage problem={reader.problem} retry={() => ask(null)} />
        )}
        {reader.is === "unknown" && (
          <SignIn
            refused={reader.refused}
            onSignedIn={(known) => setReader({ is: "known", session: known })}
          />
        )}
        {reader.is === "known" && route.page === "home" && <Home />}
        {reader.is === "known" && route.page === "job" && (
          <JobPage key={route.jobId} jobId={route.jobId} />
        )}
        {reader.is === "known" && route.page === "unknown" && (
          <Notice
            isPage
            icon="question"
            title="There is no such page"
            actions={<Link to="/">All timetables</Link>}
          />
        )}
      </main>
    </SessionContext>
  );
}
