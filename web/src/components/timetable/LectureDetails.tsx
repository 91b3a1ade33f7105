import type { Reason, Timetable } from "../../api/timetable";
import { counted, dayName, formatNumber } from "../format";
import { ruleWords } from "../rules";
import { curriculaOf, type View } from "./views";

interface LectureDetailsProps {
  timetable: Timetable;
  place: number;
  /** Look at another room, teacher or curriculum. */
  onShow: (view: View, index: number) => void;
}

/** Where and when a lecture is, what it costs and why. */
export function LectureDetails({ timetable, place, onShow }: LectureDetailsProps) {
  const lecture = timetable.lectures[place];
  const course = lecture && timetable.courses[lecture.course];
  const room = lecture && timetable.rooms[lecture.room];
  if (!lecture || !course) return null;
  const teacher = timetable.teachers.indexOf(course.teacher);
  const curricula = curriculaOf(timetable, lecture.course);
  return (
    <>
      <h3>{course.id}</h3>
      <dl className="facts">
        <dt>When</dt>
        <dd>
          {dayName(lecture.day, "long")}, period {lecture.period + 1}
        </dd>
        <dt>Room</dt>
        <dd>
          {room ? (
            <>
              <Show name={room.id} onShow={() => onShow("room", lecture.room)} />,{" "}
              {counted(room.capacity, "seat")}
              {room.building && `, building ${room.building}`}
            </>
          ) : (
            "none"
          )}
        </dd>
        <dt>Teacher</dt>
        <dd>
          <Show name={course.teacher} onShow={() => onShow("teacher", teacher)} />
        </dd>
        <dt>Students</dt>
        <dd>{formatNumber(course.num_students)}</dd>
        {curricula.length > 0 && (
          <>
            <dt>{curricula.length > 1 ? "Curricula" : "Curriculum"}</dt>
            <dd className="list">
              {curricula.map((index) => (
                <Show
                  key={index}
                  name={timetable.curricula[index]?.id ?? ""}
                  onShow={() => onShow("curriculum", index)}
                />
              ))}
            </dd>
          </>
        )}
      </dl>
      <Reasons title="This lecture" cost={lecture.cost} reasons={lecture.reasons} />
      <Reasons
        title="Its course as a whole"
        cost={course.reasons.reduce((sum, reason) => sum + reason.cost, 0)}
        reasons={course.reasons}
      />
    </>
  );
}

function Show({ name, onShow }: { name: string; onShow: () => void }) {
  return (
    <button type="button" className="link" onClick={onShow}>
      {name}
    </button>
  );
}

function Reasons({ title, cost, reasons }: { title: string; cost: number; reasons: Reason[] }) {
  return (
    <div className="reasons">
      <p className="reasons-title">
        {title} <strong>{cost > 0 ? `costs ${formatNumber(cost)}` : "costs nothing"}</strong>
      </p>
      {reasons.length > 0 && (
        <ul>
          {reasons.map((reason, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: reasons have no names and never change places
            <li key={index} className={reason.cost === 0 ? "reason-hard" : undefined}>
              <span className="reason-cost">
                {reason.cost === 0 ? "!" : formatNumber(reason.cost)}
              </span>
              <span>
                {ruleWords(reason.rule).title}
                {reason.cost === 0 && " (hard rule, broken)"}
                <span className="quiet">{reason.text}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
