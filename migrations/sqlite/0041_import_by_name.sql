-- What is handed in becomes a draft of the person who handed it in: the history tells their post.
ALTER TABLE knowledge_job ADD COLUMN wished_by_name TEXT NOT NULL DEFAULT '';
