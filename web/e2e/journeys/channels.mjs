// Channels, the widget on foreign pages, settings of the service.
/** Each: a name and what is done. */
export const journeys = []
