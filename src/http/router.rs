//! Every URL of the service, on one page.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, header};
use axum::routing::get;
use axum::{Json, Router, middleware as from};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::trace::TraceLayer;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::state::ApiState;
use super::{access, admin, auth, chat, draft, knowledge, middleware, operations, pages, platform, tickets, worker};
use crate::core::ids::Ids;
use crate::knowledge::import::desk::MAX_UPLOAD_BYTES;
use crate::knowledge::question_files;

#[derive(OpenApi)]
#[openapi(
    info(title = "虚拟数字网格员", description = "居民问答与事件上报。错误一律为 application/problem+json（RFC 9457），以 code 区分。"),
    modifiers(&Bearers)
)]
struct Api;

struct Bearers;

impl Modify for Bearers {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("conversation", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        // Staff: a session's cookie, or a key as bearer. Which call needs what stands in `access.rs`.
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(auth::COOKIE))));
        components.add_security_scheme("key", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// The calls with their documentation.
fn documented(max_attachment_bytes: usize, max_body_bytes: usize) -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(Api::openapi())
        // The conversation
        .routes(routes!(chat::channel::get_channel))
        .routes(routes!(chat::create::create_conversation))
        .routes(routes!(chat::post_message::post_message, chat::messages::get_messages))
        .routes(routes!(chat::turn_events::get_turn_events))
        .routes(routes!(chat::live_events::get_live_events))
        .routes(routes!(chat::feedback::post_feedback))
        .routes(routes!(chat::delete::delete_conversation))
        // The draft
        .routes(routes!(draft::patch_draft))
        .routes(routes!(draft::confirm_draft))
        .routes(routes!(draft::cancel_draft))
        .routes(routes!(draft::join_draft))
        // Tickets
        .routes(routes!(tickets::get::get_ticket))
        .routes(routes!(tickets::lookup::lookup_ticket))
        .routes(routes!(tickets::rating::post_rating))
        .routes(routes!(tickets::withdraw::withdraw_ticket))
        .routes(routes!(tickets::attachments::add_attachments))
        // Knowledge and pickers
        .routes(routes!(knowledge::get_document_version))
        .routes(routes!(knowledge::get_taxonomy))
        // The governance platform
        .routes(routes!(platform::post_callback))
        .routes(routes!(platform::post_callback_of))
        // Signing in
        .routes(routes!(auth::sign_in::sign_in))
        .routes(routes!(auth::ways::get_ways))
        .routes(routes!(auth::oidc::start_oidc))
        .routes(routes!(auth::oidc::finish_oidc))
        .routes(routes!(auth::sign_out::sign_out))
        .routes(routes!(auth::me::get_me))
        .routes(routes!(auth::password::change_password))
        .routes(routes!(auth::sessions::list_sessions, auth::sessions::end_other_sessions))
        .routes(routes!(auth::sessions::end_session))
        // Accounts, keys, audit
        .routes(routes!(admin::accounts::list::list_accounts, admin::accounts::create::create_account))
        .routes(routes!(admin::accounts::get::get_account, admin::accounts::change::change_account))
        .routes(routes!(admin::accounts::state::disable_account))
        .routes(routes!(admin::accounts::state::enable_account))
        .routes(routes!(admin::accounts::reset::reset_password))
        .routes(routes!(admin::accounts::sessions::end_account_sessions))
        .routes(routes!(admin::accounts::roles::list_roles))
        .routes(routes!(admin::accounts::duties::get_duties))
        .routes(routes!(admin::accounts::hand_over::hand_over))
        .routes(routes!(admin::posts::list::list_posts, admin::posts::assign::assign_post))
        .routes(routes!(admin::leaves::list::list_leaves, admin::leaves::create::create_leave))
        .routes(routes!(admin::leaves::end::end_leave))
        .routes(routes!(admin::people::list_people))
        .routes(routes!(admin::directory::get_post_directory))
        .routes(routes!(admin::keys::list::list_keys, admin::keys::create::create_key))
        .routes(routes!(admin::keys::revoke::revoke_key))
        .routes(routes!(admin::imports::list::list_imports))
        .routes(routes!(admin::imports::get::get_import))
        .routes(routes!(admin::imports::pieces::get_import_pieces))
        .routes(routes!(admin::imports::retry::retry_import))
        .routes(routes!(admin::imports::cancel::cancel_import))
        .routes(routes!(admin::audit::list::list_audit))
        .routes(routes!(admin::audit::export::export_audit))
        .routes(routes!(admin::audit::check::check_audit))
        // Curation
        .routes(routes!(admin::curated::list::list_curated, admin::curated::create::create_curated))
        .routes(routes!(admin::curated::get::get_curated, admin::curated::save::save_curated))
        .routes(routes!(admin::curated::versions::list_curated_versions))
        .routes(routes!(admin::curated::check::check_curated))
        .routes(routes!(admin::curated::publish::publish_curated))
        .routes(routes!(admin::curated::retire::retire_curated))
        .routes(routes!(admin::turns::list::list_turns))
        .routes(routes!(admin::turns::export::export_turns))
        .routes(routes!(admin::turns::get::get_turn))
        .routes(routes!(admin::gaps::owners::list_gap_owners))
        .routes(routes!(admin::gaps::list::list_gaps))
        .routes(routes!(admin::gaps::get::get_gap, admin::gaps::change::change_gap))
        .routes(routes!(admin::gaps::draft::draft_gap))
        .routes(routes!(admin::gaps::tell::tell_askers))
        .routes(routes!(admin::question_sets::list::list_question_sets))
        .routes(routes!(
            admin::question_sets::get::get_question_set,
            admin::question_sets::save::save_question_set,
            admin::question_sets::retire::retire_question_set
        ))
        .routes(routes!(admin::question_sets::export::export_question_set))
        .routes(routes!(admin::question_sets::pairs::count_training_pairs))
        .routes(routes!(admin::runs::list::list_runs, admin::runs::start::start_run))
        .routes(routes!(admin::runs::get::get_run))
        .routes(routes!(admin::runs::compare::compare_runs))
        .routes(routes!(admin::generations::list::list_generations, admin::generations::create::create_generation))
        .routes(routes!(admin::generations::switch::switch_generation))
        .routes(routes!(admin::hit_test::ask::test_question))
        .routes(routes!(admin::hit_test::past::test_turn))
        .routes(routes!(admin::hit_test::confirm::confirm_past))
        // What gridworkers do
        .routes(routes!(worker::tickets::list::list_tickets))
        .routes(routes!(worker::tickets::board::get_board))
        .routes(routes!(worker::directory::get_directory))
        .routes(routes!(worker::tickets::get::get_staff_ticket))
        .routes(routes!(worker::tickets::relations::get_relations))
        .routes(routes!(worker::tickets::moves::move_ticket))
        .routes(routes!(worker::tickets::attachments::get_ticket_attachment))
        .routes(routes!(worker::tickets::identity::read_identity))
        .routes(routes!(worker::tickets::revisit::revisit_ticket))
        .routes(routes!(worker::category::correct_category))
        .routes(routes!(worker::street::get_own_street))
        .routes(routes!(worker::ledgers::list::list_entries))
        .routes(routes!(worker::ledgers::get::get_entry))
        .routes(routes!(worker::ledgers::visit::add_visit))
        .routes(routes!(worker::ledgers::reported::note_ticket))
        .routes(routes!(worker::ledgers::attachments::get_visit_attachment))
        // Deliveries
        .routes(routes!(admin::outbox::list::list_outbox))
        .routes(routes!(admin::outbox::export::export_outbox))
        .routes(routes!(admin::outbox::replay::replay_outbox))
        .routes(routes!(admin::outbox::get::get_outbox_row))
        .routes(routes!(admin::outbox::replay::replay_outbox_row))
        .routes(routes!(admin::outbox::by_hand::enter_by_hand))
        .routes(routes!(admin::destinations::list_destinations))
        .routes(routes!(admin::destinations::pause_destination))
        .routes(routes!(admin::destinations::resume_destination))
        .routes(routes!(admin::destinations::reconcile_destination))
        .routes(routes!(worker::disputes::raise::raise_dispute))
        .routes(routes!(worker::disputes::decide::decide_dispute))
        .routes(routes!(worker::disputes::of_ticket::get_disputes_of_ticket))
        .routes(routes!(worker::disputes::list::list_disputes))
        // Figures
        .routes(routes!(admin::insight::figures::get_figures))
        .routes(routes!(admin::insight::parts::get_parts))
        .routes(routes!(admin::insight::rows::list_rows))
        .routes(routes!(admin::insight::stars::get_stars))
        .routes(routes!(admin::insight::export::export_figures))
        .routes(routes!(admin::insight::today::get_today))
        // The street's own files
        .routes(routes!(admin::street::list::get_street))
        .routes(routes!(admin::street::file::get_street_file))
        .routes(routes!(admin::street::activate::activate_street_version))
        .routes(routes!(worker::clocks::get::get_clocks))
        .routes(routes!(worker::clocks::pause::pause_ticket))
        .routes(routes!(worker::clocks::resume::resume_ticket))
        .routes(routes!(worker::clocks::extend::extend_ticket))
        .routes(routes!(worker::clocks::alerts::list_alerts))
        .routes(routes!(worker::clocks::take::take_alert))
        .routes(routes!(worker::merge::merge_ticket))
        .routes(routes!(worker::merge::split_ticket))
        // Documents in the office
        .routes(routes!(admin::documents::list::list_documents, admin::documents::create::create_document))
        .routes(routes!(admin::documents::preview::preview_document))
        .routes(routes!(admin::documents::get::get_document))
        .routes(routes!(admin::documents::edit::edit_draft, admin::documents::discard::discard_draft))
        .routes(routes!(admin::documents::gate::check_document))
        .routes(routes!(admin::documents::submit::submit_draft))
        .routes(routes!(admin::documents::withdraw::withdraw_version))
        .routes(routes!(admin::documents::approve::approve_version))
        .routes(routes!(admin::documents::give_back::return_version))
        .routes(routes!(admin::documents::rollback::roll_back))
        .routes(routes!(admin::documents::retire::retire_document))
        .routes(routes!(admin::documents::history::get_history))
        .routes(routes!(admin::documents::versions::get_versions))
        .routes(routes!(admin::documents::version::get_version))
        .routes(routes!(admin::documents::diff::get_diff))
        .routes(routes!(admin::documents::findings::get_findings))
        .routes(routes!(admin::documents::acknowledge::acknowledge_finding))
        .routes(routes!(admin::answers::evidence::get_evidence))
        // Where the window stands, and the state of the service
        .routes(routes!(admin::channels::list::list_channels, admin::channels::create::create_channel))
        .routes(routes!(admin::channels::get::get_admin_channel, admin::channels::change::change_channel))
        .routes(routes!(admin::channels::secrets::create_channel_secret))
        .routes(routes!(admin::channels::secrets::end_channel_secret))
        .routes(routes!(admin::system::endpoints::list_endpoints))
        .routes(routes!(admin::system::endpoints::test_endpoint))
        .routes(routes!(admin::system::prompts::list_prompts))
        .routes(routes!(admin::system::health::get_system_health))
        // Operations
        .routes(routes!(operations::live))
        .routes(routes!(operations::ready))
        .routes(routes!(operations::metrics))
        .layer(DefaultBodyLimit::max(max_body_bytes))
        // Files of a hand-in go to disk as they come.
        .merge(
            OpenApiRouter::new()
                .routes(routes!(admin::imports::create::create_import))
                .routes(routes!(admin::imports::preview::preview_import))
                .layer(DefaultBodyLimit::max(MAX_UPLOAD_BYTES as usize + 1024 * 1024)),
        )
        .merge(
            OpenApiRouter::new()
                .routes(routes!(admin::street::check::check_street))
                .routes(routes!(admin::street::create::create_street_version))
                .routes(routes!(admin::street::trial::try_dispatch))
                .layer(DefaultBodyLimit::max(admin::street::MAX_BODY)),
        )
        // Attachments: the only other large bodies. What is too large by a little is read to its end, so that the sender hears why.
        .merge(
            OpenApiRouter::new()
                .routes(routes!(chat::attachments::post_attachment))
                .routes(routes!(chat::attachments::get_attachment))
                .routes(routes!(chat::transcriptions::post_transcription))
                .routes(routes!(worker::attachments::post_staff_attachment))
                .layer(DefaultBodyLimit::max(max_attachment_bytes * 3 / 2 + 64 * 1024)),
        )
        .merge(
            OpenApiRouter::new()
                .routes(routes!(worker::ledgers::import::import_entries))
                .layer(DefaultBodyLimit::max(worker::ledgers::import::MAX_BYTES)),
        )
        .merge(
            OpenApiRouter::new()
                .routes(routes!(admin::question_sets::import::import_question_set))
                .layer(DefaultBodyLimit::max(question_files::MAX_BYTES)),
        )
}

/// The `OpenAPI` document, made from the handlers.
#[must_use]
pub fn openapi() -> Document {
    documented(0, 0).split_for_parts().1
}

/// The service. `sandbox` is the bundled platform, mounted at `/platform`.
///
/// # Errors
/// `public_url` is no URL that a browser could send as its origin.
pub fn router(
    state: ApiState,
    ids: Arc<dyn Ids>,
    public_url: &str,
    sandbox: Option<Router>,
) -> Result<Router, access::BadPublicUrl> {
    let (documented, document) = documented(state.attachments.largest(), state.server.max_body_bytes).split_for_parts();
    let limit = Duration::from_millis(state.server.request_timeout_ms);
    let document = Arc::new(document);
    let gate = Arc::clone(&state);
    let mut app = documented
        .layer(from::from_fn(middleware::to_the_end))
        .layer(from::from_fn_with_state(Arc::clone(&state), access::guard))
        .layer(access::same_site(public_url)?)
        .layer(from::from_fn_with_state(gate, middleware::when_ready))
        .route("/openapi.json", get(move || async move { Json(Arc::clone(&document)) }))
        // Pages
        .route("/", get(pages::index))
        .route("/chat", get(pages::chat))
        .route("/worker", get(pages::worker))
        .route("/worker/sw.js", get(pages::worker_service))
        .route("/worker/app.webmanifest", get(pages::worker_manifest))
        .route("/worker/{*place}", get(pages::worker))
        .route("/admin", get(pages::admin))
        .route("/admin/{*place}", get(pages::admin))
        .route("/widget.js", get(pages::widget))
        .route("/icon.svg", get(pages::icon))
        .route("/assets/{*path}", get(pages::asset))
        .with_state(state);
    if let Some(sandbox) = sandbox {
        app = app.merge(sandbox);
    }
    // The turn's own time limit is the model's; this one ends what hangs before the first byte of an answer.
    let app = app
        .layer(from::from_fn(move |request, next| middleware::deadline(limit, request, next)))
        .layer(from::from_fn(middleware::problems))
        .layer(CatchPanicLayer::custom(middleware::panicked))
        .layer(CompressionLayer::new())
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(|request: &axum::http::Request<_>| {
                    let id = request.headers().get(&middleware::REQUEST_ID).and_then(|v| v.to_str().ok()).unwrap_or_default();
                    // Paths hold ids and numbers, never personal data; queries are left out.
                    tracing::info_span!("http", method = %request.method(), path = request.uri().path(), request_id = id)
                    // What goes wrong is logged where it is known, with its cause.
                })
                .on_failure(()),
        )
        .layer(PropagateRequestIdLayer::new(middleware::REQUEST_ID))
        .layer(SetRequestIdLayer::new(middleware::REQUEST_ID, middleware::RequestIds(ids)))
        .layer(SetSensitiveRequestHeadersLayer::new([
            header::AUTHORIZATION,
            header::COOKIE,
            HeaderName::from_static("idempotency-key"),
        ]));
    Ok(app)
}
