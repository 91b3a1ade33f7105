// A timetable with its counts, what a move of it costs, and carrying the move out.
//
// Costs are those of `timetabling.penalties`, also while hard rules are broken. Prices are
// computed by each lane of a warp for itself, counts are written by all lanes together. As plain
// C++, a warp is a loop over 32 lanes.
//
// Compiled with -DCOUNT=<an unsigned type that can count the courses>.

#ifdef __CUDACC__
#define MY_LANE (int(threadIdx.x) % 32)
#define LANE_STEP 32
#define LANES_HERE 1
#define SYNC() __syncwarp()
#define VOTE(bits) __ballot_sync(~0u, (bits) != 0)  // lane i may set only bit i
#define LOWEST_BIT(bits) (__ffs(bits) - 1)
#define LEADING_ZEROS(bits) __clz(bits)
#define COUNT_ONES(bits) __popcll(bits)
// Unrolled, a thread took 92 registers and the code 158 KiB; rolled 63 and 63 KiB (nvcc 13, sm_90),
// so that a multiprocessor holds 32 warps in place of 20.
#define ROLLED _Pragma("unroll 1")
#else
#define __device__
#define MY_LANE 0
#define LANE_STEP 1
#define LANES_HERE 32
#define SYNC()
#define VOTE(bits) (bits)
#define LOWEST_BIT(bits) (__builtin_ffs(bits) - 1)
#define LEADING_ZEROS(bits) __builtin_clz(bits)
#define COUNT_ONES(bits) __builtin_popcountll(bits)
#define ROLLED
#endif

// Share a loop among the lanes; over the lanes themselves it is `EACH(lane, 0, 32)`.
#define EACH(i, first, end) ROLLED for (int i = (first) + MY_LANE; i < (end); i += LANE_STEP)
// Where something of each lane is kept: on a GPU every lane has an own one, of one entry.
#define OF(lane) ((lane) % LANES_HERE)

typedef unsigned long long Word;
typedef unsigned char Flag;

const int NOBODY = -1, NOWHERE = -1;

// All that is read and never written, explained in model.py. `device.py` fills it in.
struct Model {
  int num_lectures, num_courses, num_rooms, num_curricula, num_days, periods_per_day, num_periods,
      num_buildings;
  int isolated, windows, load, travel, fewest_lectures, most_lectures, changes;
  int num_movable, num_before, max_changes, has_undesired;
  int cost_of_nothing;  // of the timetable without a lecture
  const int *lecture_course, *first_lecture, *neighbours_start, *neighbours, *curricula_start,
      *curricula, *members_start, *members, *open_start, *open_periods, *rooms_start, *rooms,
      *room_cost, *period_cost, *building, *min_days, *days_weight, *stability_weight,
      *double_weight;
  const int *movable, *room_before;
  const int *day_of;  // (period,)
  const Flag *unavailable, *conflict, *room_violation, *hold;
  const Flag *is_member;  // (curriculum, course)
};

struct Place {
  int period, room;  // both NOWHERE if not placed
};

struct Proposal {
  int lecture;
  Place to;
  int other;  // the lecture that is there and changes places with it, or NOBODY
  int violations, cost;
};

// One timetable and its counts: no more than prices a move, so that many fit in shared memory.
struct State {
  Proposal *accepted;
  int *changes;  // lectures of the timetable before that are not kept
  short *period, *room;
  short *room_lectures;  // (room, period): the lectures there, xored: with one, which it is
  short *day_cost;       // (curriculum, day): isolated lectures, windows and load
  COUNT *obstacles;      // (course, period): conflicting lectures, and 1 if unavailable
  COUNT *room_load;      // (room, period)
  COUNT *load;           // (curriculum, period)
  COUNT *building_load;  // (curriculum, period, building), if travel counts
};

__device__ int count_building_loads(const Model &m) {
  return m.travel > 0 ? m.num_curricula * m.num_periods * m.num_buildings : 0;
}

template <typename T>
__device__ T *take(char *&memory, int count) {
  T *taken = (T *)memory;
  memory += count * sizeof(T);
  return taken;
}

// Lay a state out in memory, the widest first; leaves `memory` at its end.
__device__ State lay_out(const Model &m, char *&memory) {
  State s;
  s.accepted = take<Proposal>(memory, 1);
  s.changes = take<int>(memory, 1);
  s.period = take<short>(memory, m.num_lectures);
  s.room = take<short>(memory, m.num_lectures);
  s.room_lectures = take<short>(memory, m.num_rooms * m.num_periods);
  s.day_cost = take<short>(memory, m.num_curricula * m.num_days);
  s.obstacles = take<COUNT>(memory, m.num_courses * m.num_periods);
  s.room_load = take<COUNT>(memory, m.num_rooms * m.num_periods);
  s.load = take<COUNT>(memory, m.num_curricula * m.num_periods);
  s.building_load = take<COUNT>(memory, count_building_loads(m));
  return s;
}

__device__ Place place_of(const State &s, int lecture) {
  return {s.period[lecture], s.room[lecture]};
}

// Whether the timetable before had a lecture of the course there.
__device__ bool was_there(const Model &m, int course, Place at) {
  return at.period >= 0 && m.room_before[course * m.num_periods + at.period] == at.room;
}

// Changes beyond the most that are allowed.
__device__ int excess(const Model &m, int changes) {
  return changes > m.max_changes ? changes - m.max_changes : 0;
}

// ---- what a move costs: a lecture of `course` goes `from` one place `to` another. If a lecture of
// `other_course` goes the other way at the same time (NOBODY: none does), the two deltas add up.

// Change of broken hard rules.
__device__ int violations_delta(
    const Model &m, const State &s, int course, Place from, Place to, int other_course) {
  const bool is_swap = other_course != NOBODY;  // then each room holds as many as before
  int change = 0;
  if (from.period >= 0) {
    change -= s.obstacles[course * m.num_periods + from.period];
    change -= m.room_violation[course * m.num_rooms + from.room];
    change -= !is_swap && s.room_load[from.room * m.num_periods + from.period] > 1;
  } else {
    --change;
  }
  if (to.period >= 0) {
    change += s.obstacles[course * m.num_periods + to.period];
    change += m.room_violation[course * m.num_rooms + to.room];
    change += !is_swap && s.room_load[to.room * m.num_periods + to.period] > 0;
    if (is_swap && to.period != from.period)  // the other one was among the obstacles
      change -= m.conflict[course * m.num_courses + other_course];
  } else {
    ++change;
  }
  return change;
}

// Lectures of a course on a day with another one, but beside none in the same room, if one of them
// were held at another place.
__device__ int count_lonely(const Model &m, const State &s, int course, int lecture, Place at) {
  int lonely = 0;
  ROLLED for (int i = m.first_lecture[course]; i < m.first_lecture[course + 1]; ++i) {
    const Place here = i == lecture ? at : place_of(s, i);
    bool has_company = false, is_double = false;
    ROLLED for (int j = m.first_lecture[course]; j < m.first_lecture[course + 1]; ++j) {
      const Place there = j == lecture ? at : place_of(s, j);
      if (j == i || here.period < 0 || there.period < 0) continue;
      if (m.day_of[here.period] != m.day_of[there.period]) continue;
      const int apart = there.period - here.period;
      has_company = true;
      is_double |= (apart == 1 || apart == -1) && there.room == here.room;
    }
    lonely += has_company && !is_double;
  }
  return lonely;
}

// Days that a course lacks if it is held on these, and in one more period (or NOWHERE).
__device__ int count_missing_days(const Model &m, int course, Word days, int period) {
  if (period >= 0) days |= Word(1) << m.day_of[period];
  const int missing = m.min_days[course] - COUNT_ONES(days);
  return missing > 0 ? missing : 0;
}

// Change of the cost that concerns the course alone.
__device__ int course_delta(
    const Model &m, const State &s, int course, int lecture, Place from, Place to) {
  bool has_siblings = false, keeps_old_room = false, knows_room = false;
  Word days = 0;
  ROLLED for (int l = m.first_lecture[course]; l < m.first_lecture[course + 1]; ++l) {
    if (l == lecture || s.period[l] < 0) continue;
    has_siblings = true;
    keeps_old_room |= s.room[l] == from.room;
    knows_room |= s.room[l] == to.room;
    days |= Word(1) << m.day_of[s.period[l]];
  }
  int change = 0;
  if (from.room >= 0) change -= m.room_cost[course * m.num_rooms + from.room];
  if (to.room >= 0) change += m.room_cost[course * m.num_rooms + to.room];
  if (has_siblings)
    change += m.stability_weight[course] *
              ((to.room >= 0 && !knows_room) - (from.room >= 0 && !keeps_old_room));
  change += m.days_weight[course] * (count_missing_days(m, course, days, to.period) -
                                     count_missing_days(m, course, days, from.period));
  if (m.has_undesired) {
    if (from.period >= 0) change -= m.period_cost[course * m.num_periods + from.period];
    if (to.period >= 0) change += m.period_cost[course * m.num_periods + to.period];
  }
  change += m.changes * (was_there(m, course, from) - was_there(m, course, to));
  if (m.double_weight[course] > 0)
    change += m.double_weight[course] * (count_lonely(m, s, course, lecture, to) -
                                         count_lonely(m, s, course, lecture, from));
  return change;
}

// Cost of a curriculum's day, less a lecture at one slot and with one more at another (or NOWHERE).
__device__ int day_cost(const Model &m, const State &s, int q, int day, int without, int added) {
  const COUNT *load = s.load + q * m.num_periods + day * m.periods_per_day;
  int isolated = 0, held = 0, num_busy = 0, first_busy = 0, last_busy = -1, before = 0, here = 0;
  ROLLED for (int slot = -1; slot < m.periods_per_day; ++slot) {
    int after = 0;
    if (slot + 1 < m.periods_per_day)
      after = load[slot + 1] + (slot + 1 == added) - (slot + 1 == without);
    if (here > 0) {
      if (num_busy++ == 0) first_busy = slot;
      last_busy = slot;
      held += here;
      if (before == 0 && after == 0) isolated += here;
    }
    before = here;
    here = after;
  }
  if (held == 0) return 0;
  const int few = m.fewest_lectures - held, many = held - m.most_lectures;
  const int off = few > many ? few : many;
  return m.isolated * isolated + m.windows * (last_busy - first_busy + 1 - num_busy) +
         m.load * (off > 0 ? off : 0);
}

// Lectures of a curriculum just before and after a period, in other buildings.
__device__ int count_travels(const Model &m, const State &s, int q, int period, int building) {
  int count = 0;
  ROLLED for (int there = period - 1; there <= period + 1; there += 2) {
    if (there < 0 || there >= m.num_periods || m.day_of[there] != m.day_of[period]) continue;
    const int at = q * m.num_periods + there;
    count += s.load[at] - s.building_load[at * m.num_buildings + building];
  }
  return count;
}

// Change of the cost that concerns the curricula of the course.
__device__ int curricula_delta(
    const Model &m, const State &s, int course, Place from, Place to, int other_course) {
  const int from_day = from.period < 0 ? NOWHERE : m.day_of[from.period];
  const int to_day = to.period < 0 ? NOWHERE : m.day_of[to.period];
  const int from_slot = from.period - from_day * m.periods_per_day;
  const int to_slot = to.period - to_day * m.periods_per_day;
  int change = 0;
  ROLLED for (int i = m.curricula_start[course]; i < m.curricula_start[course + 1]; ++i) {
    const int q = m.curricula[i];
    // A curriculum of both has a lecture at each of the two places before and after.
    if (other_course != NOBODY && m.is_member[q * m.num_courses + other_course]) continue;
    if (to.period != from.period) {
      if (from_day >= 0)
        change += day_cost(m, s, q, from_day, from_slot, to_day == from_day ? to_slot : NOWHERE) -
                  s.day_cost[q * m.num_days + from_day];
      if (to_day >= 0 && to_day != from_day)
        change += day_cost(m, s, q, to_day, NOWHERE, to_slot) - s.day_cost[q * m.num_days + to_day];
    }
    if (m.travel > 0) {
      const int from_building = from.period < 0 ? NOWHERE : m.building[from.room];
      const int to_building = to.period < 0 ? NOWHERE : m.building[to.room];
      int travels = 0;
      if (from.period >= 0) travels -= count_travels(m, s, q, from.period, from_building);
      if (to.period >= 0) travels += count_travels(m, s, q, to.period, to_building);
      // The lecture itself was still counted at its old place, as its own neighbour.
      const int apart = to.period - from.period;
      travels -= (apart == 1 || apart == -1) && to_day == from_day && to_building != from_building;
      change += m.travel * travels;
    }
  }
  return change;
}

// Add to `violations` and `cost` what one lecture's move changes.
__device__ void price(
    const Model &m, const State &s, int lecture, Place from, Place to, int other_course,
    int &violations, int &cost) {
  const int course = m.lecture_course[lecture];
  violations += violations_delta(m, s, course, from, to, other_course);
  cost += course_delta(m, s, course, lecture, from, to);
  cost += curricula_delta(m, s, course, from, to, other_course);
}

// ---- carrying moves out

// Add a lecture to the counts (sign 1) or take it out (-1), all lanes together. Each entry is one
// lane's, also when the same lecture is taken out and then added.
__device__ void count(const Model &m, const State &s, int lecture, Place at, int sign) {
  const int course = m.lecture_course[lecture];
  EACH(only, 0, 1) {
    s.room_load[at.room * m.num_periods + at.period] += sign;
    s.room_lectures[at.room * m.num_periods + at.period] ^= lecture;
    if (was_there(m, course, at)) *s.changes -= sign;
  }
  EACH(i, m.neighbours_start[course], m.neighbours_start[course + 1])
    s.obstacles[m.neighbours[i] * m.num_periods + at.period] += sign;
  const int day = m.day_of[at.period];
  EACH(i, m.curricula_start[course], m.curricula_start[course + 1]) {
    const int q = m.curricula[i], entry = q * m.num_periods + at.period;
    s.load[entry] += sign;
    if (m.travel > 0) s.building_load[entry * m.num_buildings + m.building[at.room]] += sign;
    s.day_cost[q * m.num_days + day] = day_cost(m, s, q, day, NOWHERE, NOWHERE);
  }
}

// Write a move, all lanes together; they wait for each other before it and after it.
__device__ void commit(const Model &m, const State &s, int lecture, Place to) {
  const Place from = place_of(s, lecture);
  SYNC();
  EACH(only, 0, 1) {
    s.period[lecture] = to.period;
    s.room[lecture] = to.room;
  }
  if (from.period >= 0) count(m, s, lecture, from, -1);
  if (to.period >= 0) count(m, s, lecture, to, 1);
  SYNC();
}

// Count a timetable from nothing; adds what it costs to `violations` and `cost`.
__device__ void load_state(
    const Model &m, const State &s, const short *periods, const short *rooms, int &violations,
    int &cost) {
  EACH(i, 0, m.num_lectures) s.period[i] = s.room[i] = NOWHERE;
  EACH(i, 0, m.num_courses * m.num_periods) s.obstacles[i] = m.unavailable[i];
  EACH(i, 0, m.num_rooms * m.num_periods) s.room_load[i] = s.room_lectures[i] = 0;
  EACH(i, 0, m.num_curricula * m.num_days) s.day_cost[i] = 0;
  EACH(i, 0, m.num_curricula * m.num_periods) s.load[i] = 0;
  EACH(i, 0, count_building_loads(m)) s.building_load[i] = 0;
  EACH(only, 0, 1) *s.changes = m.num_before;
  SYNC();
  violations += m.num_lectures;
  cost += m.cost_of_nothing;
  for (int l = 0; l < m.num_lectures; ++l) {
    const Place to = {periods[l], rooms[l]};
    if (to.period < 0) continue;
    price(m, s, l, {NOWHERE, NOWHERE}, to, NOBODY, violations, cost);
    commit(m, s, l, to);
  }
  SYNC();  // none reads `periods` and `rooms` any more
  violations += excess(m, *s.changes);
}
