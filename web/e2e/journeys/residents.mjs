// What the resident's window does beyond asking and reporting.
/** Each: a name and what is done. */
export const journeys = []
