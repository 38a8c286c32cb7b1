/** What staff call a channel: the two that always exist by what they are, the street's own by their id. */
export const channelTitle = (id: string): string => ({ default: '居民窗口', worker: '网格员窗口' })[id] ?? id
