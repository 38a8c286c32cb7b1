// Eyes and fingers as numbers: how large words and targets are, what stands out from its ground, what covers what.

/**
 * What is too small or too faint among everything that can be seen now (in the topmost sheet, when there is one):
 * words under `text` px, targets under `tap` px, contrast under 4.5:1.
 */
export const tooSmall = (page, { text = 18, tap = 60 } = {}) =>
  page.evaluate(
    ({ text, tap }) => {
      const root = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body
      const seen = (el) => el.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !el.closest('.sr-only')
      const name = (el) =>
        `${el.tagName.toLowerCase()}.${[...el.classList].join('.')} 「${(el.getAttribute('aria-label') ?? el.textContent ?? '').trim().slice(0, 24)}」`
      const colour = (css) => {
        const n = (css.match(/[\d.]+/g) ?? []).map(Number)
        return { rgb: n.slice(0, 3), a: n[3] ?? 1 }
      }
      const over = (top, ground) => top.rgb.map((c, i) => c * top.a + ground[i] * (1 - top.a))
      const ground = (el) => {
        const layers = []
        for (let at = el; at; at = at.parentElement) {
          const layer = colour(getComputedStyle(at).backgroundColor)
          if (layer.a > 0) layers.push(layer)
          if (layer.a === 1) break
        }
        return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255])
      }
      const light = (rgb) => {
        const [r, g, b] = rgb.map((c) => ((c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
      }
      const contrast = (el, css) => {
        const below = ground(el)
        const [a, b] = [light(over(colour(css), below)), light(below)].sort((x, y) => y - x)
        return (a + 0.05) / (b + 0.05)
      }
      const found = new Set()
      const words = (el, css) => {
        const size = Number.parseFloat(css.fontSize)
        if (size < text - 0.01) found.add(`${name(el)}: ${size} px`)
        const ratio = contrast(el, css.color)
        if (!el.closest(':disabled') && ratio < 4.495) found.add(`${name(el)}: contrast ${ratio.toFixed(2)}`)
      }
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const el = node.parentElement
        if (!node.data.trim() || !el || !seen(el) || el.closest('textarea, script, style, noscript, title')) continue
        words(el, getComputedStyle(el))
      }
      for (const el of root.querySelectorAll('input, textarea, select')) {
        if (!seen(el) || el.hidden || ['radio', 'checkbox'].includes(el.type)) continue
        words(el, getComputedStyle(el))
        if (el.placeholder) {
          const css = getComputedStyle(el, '::placeholder')
          const ratio = contrast(el, css.color)
          if (ratio < 4.495) found.add(`${name(el)}: placeholder ${ratio.toFixed(2)}`)
        }
      }
      for (const el of root.querySelectorAll('button, a[href], input, textarea, select, summary')) {
        if (!seen(el) || el.hidden) continue
        const target = ['radio', 'checkbox'].includes(el.type) ? (el.closest('label') ?? el) : el
        const { width, height } = target.getBoundingClientRect()
        if (width > 0 && (width < tap - 0.5 || height < tap - 0.5)) found.add(`${name(el)}: ${Math.round(width)}×${Math.round(height)}`)
      }
      return [...found]
    },
    { text, tap },
  )

/** Controls in sight whose middle belongs to something else. */
export const covered = (page) =>
  page.evaluate(() => {
    const root = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body
    const found = []
    for (const el of root.querySelectorAll('button, a[href], input, textarea, select')) {
      if (!el.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) || el.closest('.sr-only')) continue
      const whole = el.getBoundingClientRect()
      let { left, top, right, bottom } = whole
      for (let at = el.parentElement; at; at = at.parentElement) {
        if (getComputedStyle(at).overflow === 'visible') continue
        const clip = at.getBoundingClientRect()
        left = Math.max(left, clip.left)
        top = Math.max(top, clip.top)
        right = Math.min(right, clip.right)
        bottom = Math.min(bottom, clip.bottom)
      }
      ;[left, top, right, bottom] = [Math.max(left, 0), Math.max(top, 0), Math.min(right, innerWidth), Math.min(bottom, innerHeight)]
      // Half scrolled out of sight is not covered.
      if (right - left < whole.width / 2 || bottom - top < whole.height / 2 || whole.width === 0) continue
      const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
      if (hit && (el.contains(hit) || (hit.contains(el) && hit.closest('label')?.contains(el)))) continue
      found.push(`${el.getAttribute('aria-label') ?? el.textContent.trim().slice(0, 20)} lies under ${hit?.tagName}.${hit?.className}`)
    }
    return found
  })

/** How far the page, or anything in it that is not meant to, goes beyond the window's width. */
export const sideways = (page) =>
  page.evaluate(() =>
    [
      document.documentElement,
      ...document.querySelectorAll('.window, .log, .composer, .head, .weui-half-screen-dialog, .weui-half-screen-dialog__bd'),
    ]
      .filter((el) => el.scrollWidth > el.clientWidth + 1)
      .map((el) => `${el.tagName}.${el.className}: ${el.scrollWidth} > ${el.clientWidth}`),
  )

/** Tab (or Shift+Tab) until the focus is there, and visible. */
export async function tabTo(page, target, { back = false, most = 90 } = {}) {
  const there = () => target.evaluate((el) => el === document.activeElement).catch(() => false)
  for (let pressed = 0; pressed <= most; pressed += 1) {
    if (await there()) {
      const ring = await target.evaluate((el) => getComputedStyle(el).outlineStyle)
      if (ring === 'none') throw new Error(`the focus is on ${target} and cannot be seen`)
      return
    }
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab')
  }
  const at = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200))
  throw new Error(`${target} was not reached by ${most} ${back ? 'Shift+' : ''}Tab, the focus is on ${at}`)
}
