import type { Shape } from '../../../staff/client'

export type Channel = Shape<'ChannelView'>
export type ChannelSettings = Shape<'ChannelSettings'>

/** A channel about which nothing was said yet. */
export const UNTOUCHED: ChannelSettings = {
  enabled: true,
  title: '',
  greeting: '',
  suggestions: [],
  notice: '',
  origins: [],
  messages_per_minute: 0,
  conversations_per_minute: 0,
  idle_reset_s: 0,
  secure: false,
}

/** Lines of a text field as a list: without empty ones. */
export const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((l) => l.trim())
    .filter(Boolean)

/** What a site puts on its page. Words that could end the attribute are not let into it. */
export function embedCode(origin: string, id: string, secure: boolean): string {
  const attributes = [
    `src="${origin}/widget.js"`,
    `data-channel="${id}"`,
    'data-title="问问网格员"',
    ...(secure ? ['data-token-url="/网站自己的签名地址"'] : []),
    'async',
  ]
  return `<script ${attributes.join(' ')}></${'script'}>`
}

/** Who may show the window, in words. */
export function shownBy(channel: Pick<Channel, 'frame_ancestors' | 'settings'>): string {
  if (channel.settings.origins.length > 0) return channel.settings.origins.join('、')
  if (channel.frame_ancestors === '*') return '任何网站（服务器设置）'
  return channel.frame_ancestors === "'self'" ? '只有本站（服务器设置）' : `${channel.frame_ancestors.replace("'self' ", '')}（服务器设置）`
}
