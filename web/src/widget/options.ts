/** What a site may set, by `data-*` on the script tag only. */
export interface Options {
  title: string
  channel: string
  side: 'left' | 'right'
  color: string
  /** Where the site's own server signs for whoever sits there; for a channel in secure mode. */
  tokenUrl: string | undefined
}

/** A colour in the plain forms; anything else falls back, so that an attribute cannot carry other CSS. */
const COLOUR = /^(?:#[0-9a-f]{3,8}|[a-z]{3,20}|(?:rgb|hsl)a?\([\d\s.,%/-]+\))$/i

/** `page` is the address of the page that the tag stands on. */
export function optionsOf(data: DOMStringMap, page = 'https://page.invalid/'): Options {
  const colour = data['color']?.trim() ?? ''
  return {
    title: data['title']?.trim() || '网格员',
    channel: data['channel']?.trim() || 'default',
    side: (data['side'] ?? data['position'])?.includes('left') ? 'left' : 'right',
    color: COLOUR.test(colour) ? colour : '#07803f',
    tokenUrl: tokenUrl(data['tokenUrl']?.trim(), page),
  }
}

function tokenUrl(said: string | undefined, page: string): string | undefined {
  if (!said) return undefined
  try {
    const url = new URL(said, page)
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined
  } catch {
    return undefined
  }
}

/** Where the conversation lives: the origin that served this script, never the host's. */
export function panelUrl(script: string, channel: string): string {
  const url = new URL('/chat', script)
  url.searchParams.set('channel', channel)
  url.searchParams.set('embed', '1')
  return url.href
}
