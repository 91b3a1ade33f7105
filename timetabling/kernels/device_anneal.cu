// Simulated annealing of thousands of timetables at once: a warp each, 32 proposals at a time.
//
// The lanes of a warp price 32 proposals against the same timetable. The first one accepted, in the
// order of the lanes, is carried out by all lanes together; those after it are thrown away
// unlooked at, and drawn anew. As those before it changed nothing, this is the very chain that one
// thread would walk proposal by proposal, and costs are those of `timetabling.penalties`.
//
// The same source is plain C++: there, a warp is a loop over 32 lanes, and all else is the same,
// bit by bit, since accepting a move is decided in integers. So the tests run it without a GPU.
//
// Compiled with -DCOUNT=<unsigned type that can count the courses> and -DSTATE_IN_SHARED=<0 or 1>.

#include "device_costs.cuh"

const int PLACE_HELD = 2;  // by a pin, as in model.py

// How often each kind of move is proposed, percent; the rest keeps the room. As in anneal.py.
enum { ANY_PLACE = 40, GUIDED = 20, ROOM_ONLY = 5, ANY_ROOM_ONLY = 5 };

// The timetables, and what else each has of its own.
struct Chains {
  short *period, *room;            // (chain, lecture), NOWHERE if not placed
  short *best_period, *best_room;  // (chain, lecture)
  int *total, *best_total;         // (chain, 2): violations and cost
  Word *random;                    // (chain, lane): never 0
  const float *temperature;        // (chain,): times log(2) / 65,536
  char *scratch;                   // room for the states that do not fit in shared memory
};

// ---- random numbers

// The next word of a xorshift generator (Marsaglia 2003): its better half.
__device__ unsigned next(Word &random) {
  random ^= random << 13;
  random ^= random >> 7;
  random ^= random << 17;
  return unsigned(random >> 32);
}

__device__ int draw(Word &random, int below) { return int(Word(next(random)) * below >> 32); }

// Draw what a move may cost: exponential, with the temperature as its mean.
__device__ int draw_limit(Word &random, float temperature) {
  const unsigned word = next(random) | 1;
  const int zeros = LEADING_ZEROS(word);
  const unsigned f = (word << zeros << 1) >> 16;
  // log2(1 + f) within 0.001, in 65536ths, by a cubic: the same on every machine.
  const unsigned log = f + ((f * (65536 - f) >> 16) * (27722 - (10453 * f >> 16)) >> 16);
  return int(float(((zeros + 1) << 16) - int(log)) * temperature);
}

// One of the periods that the course is available in.
__device__ int draw_period(const Model &m, Word &random, int course) {
  const int start = m.open_start[course];
  return m.open_periods[start + draw(random, m.open_start[course + 1] - start)];
}

// One of the rooms that fit the course, or nearly.
__device__ int draw_room(const Model &m, Word &random, int course) {
  const int start = m.rooms_start[course];
  return m.rooms[start + draw(random, m.rooms_start[course + 1] - start)];
}

// A period just before or after another lecture of one of the course's curricula.
__device__ int draw_period_beside_mate(const Model &m, const State &s, Word &random, int course) {
  int start = m.curricula_start[course];
  const int count = m.curricula_start[course + 1] - start;
  if (count > 0) {
    const int q = m.curricula[start + draw(random, count)];
    start = m.members_start[q];
    const int mate = m.members[start + draw(random, m.members_start[q + 1] - start)];
    start = m.first_lecture[mate];
    const int num_lectures = m.first_lecture[mate + 1] - start;
    const int period = num_lectures == 0 ? NOWHERE : s.period[start + draw(random, num_lectures)];
    if (period >= 0) {
      const int beside = period + (draw(random, 2) ? 1 : -1);
      if (beside >= 0 && beside < m.num_periods && m.day_of[beside] == m.day_of[period])
        return beside;
    }
  }
  return draw_period(m, random, course);
}

__device__ Proposal propose(const Model &m, const State &s, Word &random) {
  Proposal p;
  p.lecture = m.movable[draw(random, m.num_movable)];
  p.to = place_of(s, p.lecture);
  const int course = m.lecture_course[p.lecture];
  const int kind = draw(random, 100);
  if (p.to.period < 0 || kind < ANY_PLACE) {
    p.to.period = draw_period(m, random, course);
    p.to.room = draw_room(m, random, course);
  } else if (kind < ANY_PLACE + GUIDED) {
    p.to.period = draw_period_beside_mate(m, s, random, course);
    if (kind % 2 == 0) p.to.room = draw_room(m, random, course);
  } else if (kind < ANY_PLACE + GUIDED + ROOM_ONLY) {
    p.to.room = draw_room(m, random, course);
  } else if (kind < ANY_PLACE + GUIDED + ROOM_ONLY + ANY_ROOM_ONLY) {
    p.to.room = draw(random, m.num_rooms);
  } else {
    p.to.period = draw_period(m, random, course);
  }
  return p;
}

// Whether another lecture of the course is held then: two at once are never allowed.
__device__ bool is_held(const Model &m, const State &s, int course, int lecture, int period) {
  for (int l = m.first_lecture[course]; l < m.first_lecture[course + 1]; ++l)
    if (l != lecture && s.period[l] == period) return true;
  return false;
}

// Whether a pin forbids that a lecture goes from one place to another.
__device__ bool is_pinned(const Model &m, int lecture, Place from, Place to) {
  return m.hold[lecture] == PLACE_HELD || (m.hold[lecture] && from.period != to.period);
}

// Whether a proposal is allowed and costs no more than the limit; writes down what it costs.
__device__ bool is_accepted(
    const Model &m, const State &s, Proposal &p, int limit, int violation_weight) {
  const int course = m.lecture_course[p.lecture];
  const Place from = place_of(s, p.lecture), to = p.to;
  if (to.period == from.period && to.room == from.room) return false;
  if (is_pinned(m, p.lecture, from, to)) return false;
  if (is_held(m, s, course, p.lecture, to.period)) return false;
  const int at = to.room * m.num_periods + to.period;
  if (s.room_load[at] > 1) return false;
  p.other = NOBODY;
  if (s.room_load[at] == 1) p.other = s.room_lectures[at];
  const int other_course = p.other == NOBODY ? NOBODY : m.lecture_course[p.other];
  if (other_course == course) return false;
  if (p.other != NOBODY && is_pinned(m, p.other, to, from)) return false;
  if (other_course != NOBODY && from.period >= 0 &&
      is_held(m, s, other_course, p.other, from.period))
    return false;
  p.violations = p.cost = 0;
  price(m, s, p.lecture, from, to, other_course, p.violations, p.cost);
  if (p.other != NOBODY) price(m, s, p.other, to, from, course, p.violations, p.cost);
  if (m.num_before > 0) {
    int changes = *s.changes + was_there(m, course, from) - was_there(m, course, to);
    if (p.other != NOBODY)
      changes += was_there(m, other_course, to) - was_there(m, other_course, from);
    p.violations += excess(m, changes) - excess(m, *s.changes);
  }
  return violation_weight * p.violations + p.cost <= limit;
}

// ---- a chain

// Propose `num_moves` moves to one timetable, and keep the best one seen.
__device__ void anneal(
    const Model &m, const Chains &c, int chain, char *memory, int num_moves, int violation_weight) {
  const State s = lay_out(m, memory);
  const long long row = (long long)chain * m.num_lectures;
  const float temperature = c.temperature[chain];
  int violations = 0, cost = 0;
  int best_violations = c.best_total[2 * chain], best_cost = c.best_total[2 * chain + 1];
  load_state(m, s, c.period + row, c.room + row, violations, cost);

  Word random[LANES_HERE];
  Proposal proposal[LANES_HERE];
  EACH(lane, 0, 32) random[OF(lane)] = c.random[chain * 32 + lane];
  for (int done = 0;;) {
    if (violations < best_violations || (violations == best_violations && cost < best_cost)) {
      best_violations = violations;
      best_cost = cost;
      EACH(l, 0, m.num_lectures) {
        c.best_period[row + l] = s.period[l];
        c.best_room[row + l] = s.room[l];
      }
    }
    if (done >= num_moves || m.num_movable == 0) break;

    unsigned accepted = 0;
    EACH(lane, 0, 32) {
      if (lane >= num_moves - done) continue;
      Proposal &p = proposal[OF(lane)];
      p = propose(m, s, random[OF(lane)]);
      const int limit = draw_limit(random[OF(lane)], temperature);
      if (is_accepted(m, s, p, limit, violation_weight)) accepted |= 1u << lane;
    }
    accepted = VOTE(accepted);
    if (accepted == 0) {
      done += 32;
      continue;
    }
    const int first = LOWEST_BIT(accepted);
    done += first + 1;
    EACH(lane, 0, 32) if (lane == first) *s.accepted = proposal[OF(lane)];
    SYNC();
    const Proposal p = *s.accepted;
    const Place from = place_of(s, p.lecture);
    commit(m, s, p.lecture, p.to);
    if (p.other != NOBODY) commit(m, s, p.other, from);
    violations += p.violations;
    cost += p.cost;
  }

  EACH(l, 0, m.num_lectures) {
    c.period[row + l] = s.period[l];
    c.room[row + l] = s.room[l];
  }
  EACH(lane, 0, 32) c.random[chain * 32 + lane] = random[OF(lane)];
  EACH(only, 0, 1) {
    c.total[2 * chain] = violations;
    c.total[2 * chain + 1] = cost;
    c.best_total[2 * chain] = best_violations;
    c.best_total[2 * chain + 1] = best_cost;
  }
}

#ifdef __CUDACC__

extern "C" __global__ void anneal_chains(
    const Model m, const Chains c, int num_chains, int state_bytes, int num_moves,
    int violation_weight) {
  const int warp = threadIdx.x / 32;
  const int chain = blockIdx.x * (blockDim.x / 32) + warp;
  if (chain >= num_chains) return;
#if STATE_IN_SHARED
  extern __shared__ __align__(16) char shared[];
  char *memory = shared + warp * state_bytes;
#else
  char *memory = c.scratch + (long long)chain * state_bytes;
#endif
  anneal(m, c, chain, memory, num_moves, violation_weight);
}

#else

extern "C" void anneal_chains(
    const Model *m, const Chains *c, int num_chains, int state_bytes, int num_moves,
    int violation_weight) {
  for (int chain = 0; chain < num_chains; ++chain)
    anneal(*m, *c, chain, c->scratch + (long long)chain * state_bytes, num_moves, violation_weight);
}

extern "C" int count_state_bytes(const Model *m) {
  char *begin = (char *)m, *end = begin;
  lay_out(*m, end);
  return int(end - begin);
}

#endif
