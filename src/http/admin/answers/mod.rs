//! `/api/v1/admin/conversations/{id}/turns/{turn_id}/evidence`: does an old answer still stand on what it cited?

pub mod evidence;
