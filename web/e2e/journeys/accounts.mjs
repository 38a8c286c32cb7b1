// Accounts, keys, the audit log, signing in.
import assert from 'node:assert/strict'

/** Each: a name and what is done. */
export const journeys = [
  {
    name: 'signing in, what one sees, signing out',
    async run({ hire, services }) {
      const admin = await hire().open(services.plain.url, '/admin', await services.plain.account(['administrator']))
      await admin.go('账号与角色')
      await admin.at.getByRole('cell', { name: '管理员' }).first().waitFor()
      await admin.shot('accounts')
      await admin.go('我的账号')
      await admin.at.getByText('本机').first().waitFor()
      await admin.shot('me')
      await admin.at.getByRole('button', { name: '退出', exact: true }).first().click()
      await admin.at.getByLabel('账号').waitFor()
      const auditor = await hire().open(services.plain.url, '/admin', await services.plain.account(['gridworker']))
      assert.equal(await auditor.at.getByRole('link', { name: '账号与角色' }).count(), 0, 'a role without the right sees no such page')
      await auditor.at.goto(`${services.plain.url}/admin/accounts`)
      await auditor.at.getByRole('heading', { name: '没有权限' }).waitFor()
    },
  },
]
