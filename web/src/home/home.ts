import { copyToClipboard } from '../chat/clipboard'

// The snippet carries the address under which this page was reached.
const code = document.getElementById('snippet')
const button = document.getElementById('copy')
if (code && button) {
  code.textContent = `<script src="${location.origin}/widget.js" data-title="网格员" async></script>`
  button.hidden = false
  button.addEventListener('click', async () => {
    button.textContent = (await copyToClipboard(code.textContent ?? '')) ? '已复制' : '请手动复制'
  })
}
