// Why the way over the identity provider ended at the gate. Read once, before the router sees the address, and taken out of it.
const WORDS: Record<string, string> = {
  stale: '登录用的时间太长，或者中途换了浏览器，请再试一次。',
  cancelled: '没有在统一身份认证那边完成登录。可以再试一次，或者用账号和密码登录。',
  provider: '统一身份认证暂时连不上，请稍后再试，或者用账号和密码登录。',
  token: '统一身份认证给的凭证没有通过核对，请再试一次；还不行请找本街道的管理员。',
  unknown: '认出了您是谁，但这里还没有您的账号，请找本街道的管理员开通。',
  registered: '认出了您是谁，已经替您登记，等管理员启用账号后再登录。',
  disabled: '您的账号还没有启用，或者已经停用，请找本街道的管理员。',
}

function read(): string {
  const here = new URL(location.href)
  const code = here.searchParams.get('refused')
  if (code === null) return ''
  here.searchParams.delete('refused')
  history.replaceState(history.state, '', here.pathname + here.search + here.hash)
  return WORDS[code] ?? '这次没有登录成功，请再试一次。'
}

/** In words; empty when nothing was refused. */
export const refusedOnTheWay = read()
