// Documents from import to publication, and what measures them.
/** Each: a name and what is done. */
export const journeys = []
