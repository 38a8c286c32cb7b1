// The loader for other sites: a bubble, and a frame that is made at the first tap. It sets styles through the CSSOM
// only, so that it works under a host policy without 'unsafe-inline', and lives in a shadow root, so that neither
// side's rules reach the other. Everything is fixed to the window: the host's page does not move by a pixel.
import { optionsOf, panelUrl } from './options'
import { fetchToken } from './token'

type Style = Partial<Record<keyof CSSStyleDeclaration, string>>
const style = (el: HTMLElement | SVGElement, rules: Style) => Object.assign(el.style, rules)
/** The window says that it is there; a frame that stays silent this long (ms) was refused or never came. */
const SILENT_MS = 8_000

/** The host's page goes on whatever happens here. */
function safely<A extends unknown[]>(work: (...args: A) => unknown): (...args: A) => void {
  const failed = (error: unknown) => console.error('gridworker widget:', error)
  return (...args) => {
    try {
      const result = work(...args)
      if (result instanceof Promise) result.catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}

function start(script: HTMLScriptElement): void {
  const options = optionsOf(script.dataset, location.href)
  const url = panelUrl(script.src, options.channel)
  const origin = new URL(url).origin
  const small = matchMedia('(max-width: 520px)')

  const host = document.createElement('div')
  host.setAttribute('data-gridworker', '')
  style(host, { position: 'static' })
  const root = host.attachShadow({ mode: 'open' })

  const bubble = document.createElement('button')
  bubble.type = 'button'
  bubble.setAttribute('aria-label', options.title)
  bubble.setAttribute('aria-expanded', 'false')
  bubble.setAttribute('aria-haspopup', 'dialog')
  style(bubble, {
    position: 'fixed',
    bottom: '20px',
    [options.side]: '20px',
    zIndex: '2147483000',
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    minHeight: '56px',
    padding: '0 20px',
    border: '2px solid #fff',
    borderRadius: '28px',
    background: options.color,
    color: '#fff',
    font: '600 17px/1.2 system-ui, sans-serif',
    boxShadow: '0 2px 12px rgba(0,0,0,.3)',
    cursor: 'pointer',
  })
  const icon = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  icon.setAttribute('viewBox', '0 0 24 24')
  icon.setAttribute('aria-hidden', 'true')
  style(icon, { width: '26px', height: '26px', fill: 'currentColor' })
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  path.setAttribute('d', 'M12 3C6.5 3 2 6.8 2 11.5c0 2.7 1.5 5 3.8 6.6L5 21.5l3.8-2c1 .3 2.1.5 3.2.5 5.5 0 10-3.8 10-8.5S17.5 3 12 3z')
  icon.append(path)
  const words = document.createElement('span')
  words.textContent = options.title
  const badge = document.createElement('span')
  badge.hidden = true
  style(badge, {
    position: 'absolute',
    top: '-6px',
    right: '-2px',
    minWidth: '22px',
    height: '22px',
    padding: '0 6px',
    boxSizing: 'border-box',
    borderRadius: '11px',
    background: '#b3261e',
    color: '#fff',
    font: '13px/22px system-ui, sans-serif',
    textAlign: 'center',
  })
  bubble.append(icon, words, badge)
  root.append(bubble)

  let panel: HTMLDivElement | undefined
  let frame: HTMLIFrameElement | undefined
  let excuse: HTMLDivElement | undefined
  let open = false
  let ready = false
  /** Handed over by the page before the window wanted it; good for one conversation. */
  let spare: string | undefined
  let wanted = false

  function fit(): void {
    if (!panel) return
    const view = window.visualViewport
    if (small.matches) {
      // The whole visible part: the keyboard must not cover the input.
      style(panel, {
        left: '0',
        right: '0',
        bottom: 'auto',
        top: `${view?.offsetTop ?? 0}px`,
        width: '100%',
        maxWidth: 'none',
        height: view ? `${view.height}px` : '100%',
        maxHeight: 'none',
        borderRadius: '0',
      })
    } else {
      style(panel, {
        left: 'auto',
        right: 'auto',
        top: 'auto',
        bottom: '20px',
        width: '400px',
        maxWidth: 'calc(100vw - 40px)',
        height: '680px',
        maxHeight: 'calc(100vh - 40px)',
        borderRadius: '12px',
      })
      style(panel, { [options.side]: '20px' })
    }
  }

  function tell(type: string, more: object = {}): void {
    frame?.contentWindow?.postMessage({ type, ...more }, origin)
  }

  /** Behind the frame: what to do when it does not come. Without it a refused frame could not be closed on a phone. */
  function makeExcuse(): HTMLDivElement {
    const box = document.createElement('div')
    box.setAttribute('role', 'alert')
    box.hidden = true
    style(box, {
      position: 'absolute',
      inset: '0',
      padding: '72px 24px 24px',
      boxSizing: 'border-box',
      background: '#ededed',
      color: '#181818',
      font: '16px/26px system-ui, sans-serif',
      textAlign: 'center',
      overflow: 'auto',
    })
    const say = document.createElement('p')
    say.textContent = '对话窗口没有打开。可能是网络不通，或者这个网站没有获准显示它。急事请直接拨打12345、110、119、120。'
    const button = {
      display: 'inline-block',
      minHeight: '44px',
      margin: '8px',
      padding: '0 20px',
      boxSizing: 'border-box',
      border: '1px solid #07803f',
      borderRadius: '6px',
      background: '#fff',
      color: '#07803f',
      font: '16px/42px system-ui, sans-serif',
      textDecoration: 'none',
      cursor: 'pointer',
    }
    const link = document.createElement('a')
    link.textContent = '在新页面打开'
    link.target = '_blank'
    link.rel = 'noopener'
    link.href = url.replace('&embed=1', '')
    style(link, button)
    const close = document.createElement('button')
    close.type = 'button'
    close.textContent = '关闭'
    close.addEventListener(
      'click',
      safely(() => setOpen(false)),
    )
    style(close, button)
    box.append(say, link, close)
    return box
  }

  function load(): void {
    ready = false
    if (!frame) return
    frame.src = url
    setTimeout(
      safely(() => {
        if (ready || !frame || !excuse) return
        frame.style.display = 'none'
        excuse.hidden = false
        if (open) excuse.querySelector('button')?.focus()
      }),
      SILENT_MS,
    )
  }

  function build(): void {
    panel = document.createElement('div')
    panel.setAttribute('role', 'dialog')
    panel.setAttribute('aria-label', options.title)
    style(panel, {
      position: 'fixed',
      zIndex: '2147483001',
      overflow: 'hidden',
      background: '#ededed',
      boxShadow: '0 4px 32px rgba(0,0,0,.35)',
    })
    excuse = makeExcuse()
    frame = document.createElement('iframe')
    frame.title = options.title
    frame.allow = 'clipboard-write; camera; microphone; geolocation'
    style(frame, { display: 'block', width: '100%', height: '100%', border: '0', colorScheme: 'light' })
    frame.addEventListener(
      'load',
      safely(() => tell(open ? 'gridworker:open' : 'gridworker:closed')),
    )
    panel.append(excuse, frame)
    root.append(panel)
    load()
    small.addEventListener('change', safely(fit))
    window.visualViewport?.addEventListener('resize', safely(fit))
    window.visualViewport?.addEventListener('scroll', safely(fit))
  }

  function setOpen(next: boolean): void {
    if (open === next) return
    open = next
    if (!panel) build()
    else if (open && excuse && frame && !excuse.hidden) {
      // It did not come last time: perhaps it does now.
      excuse.hidden = true
      frame.style.display = 'block'
      load()
    }
    fit()
    if (panel) panel.style.display = open ? 'block' : 'none'
    bubble.style.display = open ? 'none' : 'flex'
    bubble.setAttribute('aria-expanded', String(open))
    badge.hidden = true
    tell(open ? 'gridworker:open' : 'gridworker:closed')
    if (open) frame?.focus()
    else bubble.focus()
  }

  async function handOver(): Promise<void> {
    const known = spare
    spare = undefined
    if (known !== undefined) return tell('gridworker:token', { token: known })
    if (options.tokenUrl) return tell('gridworker:token', { token: (await fetchToken(options.tokenUrl, location.href)) ?? '' })
    wanted = true
    window.dispatchEvent(new CustomEvent('gridworker:token-wanted'))
  }

  bubble.addEventListener(
    'click',
    safely(() => setOpen(true)),
  )
  window.addEventListener(
    'keydown',
    safely((event: KeyboardEvent) => {
      if (event.key === 'Escape' && open) setOpen(false)
    }),
  )
  window.addEventListener(
    'message',
    safely((event: MessageEvent<unknown>) => {
      const data = event.data as { type?: unknown; count?: unknown; token?: unknown } | null
      if (event.source === window && event.origin === location.origin) {
        // The page itself hands a token over.
        if (data?.type !== 'gridworker:token' || typeof data.token !== 'string') return
        if (wanted) tell('gridworker:token', { token: data.token })
        else spare = data.token
        wanted = false
        return
      }
      if (event.origin !== origin || event.source !== frame?.contentWindow) return
      if (data?.type === 'gridworker:ready') {
        ready = true
        if (frame) frame.style.display = 'block'
        if (excuse) excuse.hidden = true
      } else if (data?.type === 'gridworker:close') setOpen(false)
      else if (data?.type === 'gridworker:token-wanted') return handOver()
      else if (data?.type === 'gridworker:unread' && !open && typeof data.count === 'number' && data.count > 0) {
        badge.textContent = String(Math.min(data.count, 99))
        badge.hidden = false
      }
    }),
  )

  const mount = safely(() => document.body.append(host))
  if (document.body) mount()
  else document.addEventListener('DOMContentLoaded', mount, { once: true })
}

// A classic script knows itself only while it runs. A second tag on the same page adds nothing.
const self = document.currentScript
if (self instanceof HTMLScriptElement && !document.querySelector('[data-gridworker]')) safely(start)(self)
