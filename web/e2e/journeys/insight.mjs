// Figures about use and results, and their exports.
/** Each: a name and what is done. */
export const journeys = []
