import { DialogPlugin, MessagePlugin } from 'tdesign-vue-next'
import { told } from '../../staff/client'

/** Asks before something that others will feel; false when it was thought better of. */
export function sure(header: string, body: string, confirm = '确定', danger = false): Promise<boolean> {
  const back = document.activeElement
  return new Promise((answer) => {
    const end = (yes: boolean) => {
      dialog.destroy()
      // The keyboard goes on where it was.
      if (back instanceof HTMLElement) back.focus()
      answer(yes)
    }
    const dialog = DialogPlugin.confirm({
      // Locking the page behind it would take a <style> that the policy forbids.
      preventScrollThrough: false,
      width: 'min(480px, 92vw)',
      header,
      body,
      confirmBtn: { content: confirm, theme: danger ? 'danger' : 'primary' },
      cancelBtn: '取消',
      onConfirm: () => end(true),
      onClose: () => end(false),
    })
  })
}

/** Does it, and says how it went; what it gave, or `undefined` when it was refused. */
export async function attempt<T>(work: () => Promise<T>, done?: string): Promise<T | undefined> {
  try {
    const value = await work()
    if (done) void MessagePlugin.success(done)
    return value
  } catch (error) {
    void MessagePlugin.error({ content: told(error), duration: 8000, closeBtn: true })
    return undefined
  }
}
