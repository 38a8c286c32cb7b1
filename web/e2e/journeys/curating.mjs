// Fixed answers, gaps, the hit test, the log of questions.
/** Each: a name and what is done. */
export const journeys = []
