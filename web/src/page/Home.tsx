import { usePageTitle } from "../hooks/usePageTitle";
import { JobList } from "./JobList";
import { StartRun } from "./StartRun";

export function Home() {
  usePageTitle("Timetables");
  return (
    <div className="home">
      <StartRun />
      <JobList />
    </div>
  );
}
