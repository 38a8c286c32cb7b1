// The gridworker's pocket.
/** Each: a name and what is done. */
export const journeys = []
