-- By what a session was opened: password | provider. Who came by the provider has no one-time password to change.
ALTER TABLE account_sessions ADD COLUMN proof TEXT NOT NULL DEFAULT 'password';
