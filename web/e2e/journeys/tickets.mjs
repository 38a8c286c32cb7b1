// The centre: board, story, dispatch, deliveries, the street's own data.
/** Each: a name and what is done. */
export const journeys = []
