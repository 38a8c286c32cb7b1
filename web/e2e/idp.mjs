// A stand-in identity provider: a program of its own with discovery, keys, a page to sign in at, authorization code with PKCE and
// signed id tokens (RS256). It tells the truth until a journey wants a lie.
//   node e2e/idp.mjs serves one by itself, for looking around.
import { athome } from './browser.mjs'
import { createHash, createSign, generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

export const CLIENT = { id: 'gridworker', secret: 'said once, at registration: +/%' }

const encoded = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export async function startProvider() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }
  const grants = new Map()
  /** `wrong`: a claim of the next token that is not true, as `{ nonce: 'x' }`. */
  const state = { wrong: {} }
  let issuer = ''

  function idToken(grant) {
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: issuer,
      sub: `person-${grant.name}`,
      aud: CLIENT.id,
      iat: now,
      exp: now + 300,
      nonce: grant.nonce,
      preferred_username: grant.name,
      ...state.wrong,
    }
    const signed = `${encoded({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${encoded(claims)}`
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey).toString('base64url')}`
  }

  const page = (
    query,
  ) => `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>统一身份认证</title></head>
<body><main><h1>统一身份认证</h1><form method="post" action="/authorize?${query.toString().replaceAll('&', '&amp;').replaceAll('"', '&quot;')}">
<label>工号 <input name="name" autofocus></label> <button name="do" value="in">登录</button> <button name="do" value="no">取消</button></form></main></body></html>`

  const json = (res, value, status = 200) => {
    res.writeHead(status, { 'content-type': 'application/json' })
    res.end(JSON.stringify(value))
  }

  const server = createServer((req, res) => {
    let body = ''
    req.on('data', (d) => (body += d))
    req.on('end', () => {
      const url = new URL(req.url, issuer)
      const form = new URLSearchParams(body)
      if (url.pathname === '/.well-known/openid-configuration') {
        return json(res, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/keys`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
          token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
        })
      }
      if (url.pathname === '/keys') return json(res, { keys: [jwk] })
      if (url.pathname === '/authorize') {
        const asked = url.searchParams
        if (asked.get('client_id') !== CLIENT.id || asked.get('response_type') !== 'code' || asked.get('code_challenge_method') !== 'S256')
          return json(res, { error: 'invalid_request' }, 400)
        if (req.method === 'GET') {
          res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
          return res.end(page(asked))
        }
        const back = new URL(asked.get('redirect_uri'))
        back.searchParams.set('state', asked.get('state'))
        if (form.get('do') === 'no') back.searchParams.set('error', 'access_denied')
        else {
          const code = randomUUID()
          grants.set(code, {
            name: form.get('name'),
            nonce: asked.get('nonce'),
            challenge: asked.get('code_challenge'),
            redirect: asked.get('redirect_uri'),
          })
          back.searchParams.set('code', code)
        }
        res.writeHead(303, { location: back.href })
        return res.end()
      }
      if (url.pathname === '/token' && req.method === 'POST') {
        const basic = `Basic ${Buffer.from([CLIENT.id, CLIENT.secret].map((w) => new URLSearchParams({ w }).toString().slice(2)).join(':')).toString('base64')}`
        if (req.headers.authorization !== basic) return json(res, { error: 'invalid_client' }, 401)
        const grant = grants.get(form.get('code'))
        grants.delete(form.get('code'))
        const proof = createHash('sha256')
          .update(form.get('code_verifier') ?? '')
          .digest('base64url')
        if (!grant || grant.challenge !== proof || grant.redirect !== form.get('redirect_uri'))
          return json(res, { error: 'invalid_grant' }, 400)
        return json(res, { access_token: 'opaque', token_type: 'Bearer', id_token: idToken(grant) })
      }
      json(res, { error: 'not_found' }, 404)
    })
  })
  await new Promise((go) => server.listen(0, '127.0.0.1', go))
  athome(`http://127.0.0.1:${server.address().port}`)
  issuer = `http://127.0.0.1:${server.address().port}`
  return {
    issuer,
    /** The settings of a service that trusts it. */
    settings: {
      GRIDWORKER__IDENTITY__OIDC__ISSUER: issuer,
      GRIDWORKER__IDENTITY__OIDC__CLIENT_ID: CLIENT.id,
      GRIDWORKER__IDENTITY__OIDC__CLIENT_SECRET: CLIENT.secret,
      GRIDWORKER__IDENTITY__OIDC__TITLE: '区统一身份认证',
    },
    lie: (wrong = {}) => (state.wrong = wrong),
    stop: () => (server.closeAllConnections(), new Promise((go) => server.close(go))),
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const provider = await startProvider()
  console.log(
    Object.entries(provider.settings)
      .map(([name, value]) => `${name}='${value}'`)
      .join('\n'),
  )
}
