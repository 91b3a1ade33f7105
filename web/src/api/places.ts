/** What other places would cost a lecture. Costs are after less before; rooms are told by their place in the list. */
export interface OtherPlaces {
  course: string;
  day: number;
  period: number;
  room: number;
  formulation: string;
  verdict: string;
  periods: PeriodPlaces[];
}

export interface PeriodPlaces {
  day: number;
  period: number;
  /** What is in the way whatever the room. */
  blockers: Obstacle[];
  /** The cheapest first, and those that are not free last. */
  places: RoomPlace[];
}

export interface RoomPlace extends Change {
  room: number;
  blockers: Obstacle[];
  swap: (Change & { course: string }) | null;
}

export interface Obstacle {
  rule: string;
  text: string;
}

export interface Change {
  cost: number;
  violations: number;
  rules: { rule: string; cost: number }[];
}
