// The loader for other sites: a bubble, and a frame that is made at the first tap. It sets styles through the CSSOM
// only, so that it works under a host policy without 'unsafe-inline', and lives in a shadow root, so that neither
// side's rules reach the other.
import { optionsOf, panelUrl } from './options'

type Style = Partial<Record<keyof CSSStyleDeclaration, string>>
const style = (el: HTMLElement | SVGElement, rules: Style) => Object.assign(el.style, rules)

function start(script: HTMLScriptElement): void {
  const options = optionsOf(script.dataset)
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
    position: 'fixed', bottom: '20px', [options.side]: '20px', zIndex: '2147483000', display: 'flex', alignItems: 'center',
    gap: '8px', minHeight: '56px', padding: '0 20px', border: '2px solid #fff', borderRadius: '28px', background: options.color, color: '#fff',
    font: '600 17px/1.2 system-ui, sans-serif', boxShadow: '0 2px 12px rgba(0,0,0,.3)', cursor: 'pointer',
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
    position: 'absolute', top: '-6px', right: '-2px', minWidth: '22px', height: '22px', padding: '0 6px', boxSizing: 'border-box',
    borderRadius: '11px', background: '#b3261e', color: '#fff', font: '13px/22px system-ui, sans-serif', textAlign: 'center',
  })
  bubble.append(icon, words, badge)
  root.append(bubble)

  let panel: HTMLDivElement | undefined
  let frame: HTMLIFrameElement | undefined
  let open = false

  function fit(): void {
    if (!panel) return
    const view = window.visualViewport
    if (small.matches) {
      // The whole visible part: the keyboard must not cover the input.
      style(panel, { left: '0', right: '0', bottom: 'auto', top: `${view?.offsetTop ?? 0}px`, width: '100%', maxWidth: 'none', height: view ? `${view.height}px` : '100%', maxHeight: 'none', borderRadius: '0' })
    } else {
      style(panel, { left: 'auto', right: 'auto', top: 'auto', bottom: '20px', width: '400px', maxWidth: 'calc(100vw - 40px)', height: '680px', maxHeight: 'calc(100vh - 40px)', borderRadius: '12px' })
      style(panel, { [options.side]: '20px' })
    }
  }

  function tell(type: string): void {
    frame?.contentWindow?.postMessage({ type }, origin)
  }

  function build(): void {
    panel = document.createElement('div')
    style(panel, { position: 'fixed', zIndex: '2147483001', overflow: 'hidden', background: '#ededed', boxShadow: '0 4px 32px rgba(0,0,0,.35)' })
    frame = document.createElement('iframe')
    frame.title = options.title
    frame.allow = 'clipboard-write; camera; microphone; geolocation'
    frame.src = url
    style(frame, { display: 'block', width: '100%', height: '100%', border: '0', colorScheme: 'light' })
    frame.addEventListener('load', () => tell(open ? 'gridworker:open' : 'gridworker:closed'))
    panel.append(frame)
    root.append(panel)
    small.addEventListener('change', fit)
    window.visualViewport?.addEventListener('resize', fit)
    window.visualViewport?.addEventListener('scroll', fit)
  }

  function setOpen(next: boolean): void {
    if (open === next) return
    open = next
    if (!panel) build()
    fit()
    if (panel) panel.style.display = open ? 'block' : 'none'
    bubble.style.display = open ? 'none' : 'flex'
    bubble.setAttribute('aria-expanded', String(open))
    badge.hidden = true
    tell(open ? 'gridworker:open' : 'gridworker:closed')
    if (open) frame?.focus()
    else bubble.focus()
  }

  bubble.addEventListener('click', () => setOpen(true))
  window.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && open) setOpen(false)
  })
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.origin !== origin || event.source !== frame?.contentWindow) return
    const data = event.data as { type?: unknown; count?: unknown } | null
    if (data?.type === 'gridworker:close') setOpen(false)
    else if (data?.type === 'gridworker:unread' && !open && typeof data.count === 'number' && data.count > 0) {
      badge.textContent = String(Math.min(data.count, 99))
      badge.hidden = false
    }
  })

  const mount = () => document.body.append(host)
  if (document.body) mount()
  else document.addEventListener('DOMContentLoaded', mount, { once: true })
}

// A classic script knows itself only while it runs. A second tag on the same page adds nothing.
const self = document.currentScript
if (self instanceof HTMLScriptElement && !document.querySelector('[data-gridworker]')) {
  try {
    start(self)
  } catch (error) {
    // The host's page goes on whatever happens here.
    console.error('gridworker widget:', error)
  }
}
