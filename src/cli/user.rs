//! `gridworker user …`: accounts from the machine itself, also while the service runs.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use gridworker::app::rows;
use gridworker::core::clock::{Clock as _, SystemClock};
use gridworker::core::ids::RandomIds;
use gridworker::identity::keys::NewKey;
use gridworker::identity::manage::{NewAccount, WithPassword};
use gridworker::identity::role::permissions_of;
use gridworker::identity::{Account, Accounts, Caller, Permission, Permissions, Role, Scope};
use gridworker::incident::rules::IncidentRules;
use gridworker::storage::sqlite::accounts::SqliteAccounts;
use secrecy::ExposeSecret as _;

use super::Common;

#[derive(Debug, Subcommand)]
pub enum User {
    /// 新建账号，打印一次性密码
    Add {
        /// 账号名
        name: String,
        /// 角色，可多次给出：gridworker、dispatcher、curator、reviewer、administrator、auditor
        #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role)]
        roles: Vec<Role>,
        /// 岗位说明
        #[arg(long, default_value = "")]
        title: String,
        /// 只管这个社区，可多次给出
        #[arg(long = "community", value_name = "NAME")]
        communities: Vec<String>,
        /// 只管这个网格（编码），可多次给出
        #[arg(long = "grid", value_name = "CODE")]
        grids: Vec<String>,
        /// 同时建一个接口密钥
        #[arg(long)]
        key: bool,
        /// 密钥的权限，可多次给出；缺省为角色允许的全部
        #[arg(long = "permission", value_name = "WORD", requires = "key", value_parser = permission)]
        permissions: Vec<Permission>,
    },
    /// 列出账号
    List,
    /// 停用账号：登录与密钥立即失效
    Disable {
        /// 账号名
        name: String,
    },
    /// 重新启用账号
    Enable {
        /// 账号名
        name: String,
    },
    /// 换一个一次性密码，并解除登录锁定
    ResetPassword {
        /// 账号名
        name: String,
    },
}

fn role(word: &str) -> Result<Role, String> {
    Role::from_word(word).ok_or_else(|| format!("没有这种角色，可用：{}", Role::ALL.map(Role::word).join("、")))
}

fn permission(word: &str) -> Result<Permission, String> {
    Permission::from_word(word)
        .ok_or_else(|| format!("没有这种权限，可用：{}", Permission::ALL.iter().map(|p| p.word()).collect::<Vec<_>>().join("、")))
}

impl User {
    pub async fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let settings = common.settings()?;
        let db = rows::open(&settings).await?;
        let books = Arc::new(SqliteAccounts::new(db.clone()));
        let accounts = Accounts::new(books, Arc::new(SystemClock), Arc::new(RandomIds), settings.identity.clone());
        if let Self::Add { communities, grids, .. } = &self
            && !(communities.is_empty() && grids.is_empty())
        {
            check_scope(&super::street::desk(&settings, &db).await?.rules().load(), communities, grids)?;
        }
        let done = self.apply(&accounts).await;
        db.close().await;
        done.map(|()| ExitCode::SUCCESS)
    }

    #[expect(clippy::print_stdout, reason = "the result of these commands")]
    async fn apply(self, accounts: &Accounts) -> anyhow::Result<()> {
        let console = Caller::console();
        match self {
            Self::Add { name, roles, title, communities, grids, key, permissions } => {
                let scope = Scope { communities: communities.into_iter().collect(), grids: grids.into_iter().collect() };
                let roles: BTreeSet<Role> = roles.into_iter().collect();
                // Before anything is made: an account without the key that was asked for is half a result.
                let may = permissions_of(&roles);
                if let Some(extra) = permissions.iter().find(|p| !may.contains(p) || !p.delegable()) {
                    anyhow::bail!("密钥不能有“{}”的权限：角色没有，或密钥不许有", extra.title());
                }
                let made = accounts.create(&console, NewAccount { name, title, roles, scope }).await?;
                say_password(&made);
                if key {
                    let permissions: Permissions = permissions.into_iter().collect();
                    let new = NewKey {
                        account_id: made.account.id,
                        name: "命令行建立".to_owned(),
                        permissions: (!permissions.is_empty()).then_some(permissions),
                        expires_at: None,
                    };
                    let made = accounts.create_key(&console, new).await?;
                    println!("接口密钥（只显示这一次）：{}", made.secret.expose_secret());
                }
            }
            Self::List => {
                for account in accounts.list().await? {
                    println!("{}", line(&account));
                }
            }
            Self::Disable { name } => {
                let account = accounts.named(&name).await?;
                accounts.set_enabled(&console, account.id, false).await?;
                println!("已停用 {}", account.name);
            }
            Self::Enable { name } => {
                let account = accounts.named(&name).await?;
                accounts.set_enabled(&console, account.id, true).await?;
                println!("已启用 {}", account.name);
            }
            Self::ResetPassword { name } => {
                let account = accounts.named(&name).await?;
                say_password(&accounts.reset_password(&console, account.id).await?);
            }
        }
        Ok(())
    }
}

/// A community or grid that the street does not have is a slip of the pen.
fn check_scope(rules: &IncidentRules, communities: &[String], grids: &[String]) -> anyhow::Result<()> {
    let gazetteer = rules.places.gazetteer();
    for community in communities {
        anyhow::ensure!(gazetteer.grids().iter().any(|g| g.community == *community), "没有这个社区：{community}");
    }
    for code in grids {
        anyhow::ensure!(gazetteer.grid(code).is_some(), "没有这个网格：{code}");
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of these commands")]
fn say_password(made: &WithPassword) {
    println!("账号：{}", made.account.name);
    println!("一次性密码（只显示这一次，首次登录须修改）：{}", made.password.expose_secret());
}

/// One account on one line.
fn line(account: &Account) -> String {
    let roles: Vec<&str> = account.roles.iter().map(|r| r.word()).collect();
    let state = if account.is_enabled() {
        match account.password {
            gridworker::identity::account::PasswordState::OneTime(until) if SystemClock.now() >= until => "一次性密码已过期",
            gridworker::identity::account::PasswordState::OneTime(_) => "待首次登录",
            gridworker::identity::account::PasswordState::Chosen => "正常",
            gridworker::identity::account::PasswordState::None => "只用密钥",
        }
    } else {
        "已停用"
    };
    let scope: Vec<&str> = account.scope.communities.iter().chain(&account.scope.grids).map(String::as_str).collect();
    let scope = if scope.is_empty() { "全街道".to_owned() } else { scope.join("、") };
    let last = account.last_sign_in_at.map_or_else(|| "从未登录".to_owned(), |at| at.to_string());
    format!("{}\t{}\t{state}\t{scope}\t{last}\t{}", account.name, roles.join(","), account.title)
}
