//! One error shape: RFC 9457 `application/problem+json` with a stable `code`.
//!
//! Every refusal of the HTTP layer is one of [`Code`]; the table below is public API. A handler returns
//! `Result<_, Problem>`; extractor rejections, unknown URLs, limits, time-outs and panics are turned into the same shape
//! by `middleware::problems`. Causes are logged under the request id and never sent.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $status:ident, $title:literal;)*) => {
        /// Every reason for which this service refuses a request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// All codes, for the documentation and its test.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable string that programs compare.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// What people read.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    MalformedJson, "malformed_json", BAD_REQUEST, "请求内容不是有效的JSON";
    /// The body is JSON of another shape.
    InvalidBody, "invalid_body", UNPROCESSABLE_ENTITY, "请求内容不符合接口要求";
    /// A path or query parameter is not what the URL needs.
    InvalidParameter, "invalid_parameter", BAD_REQUEST, "地址中的参数不正确";
    /// Another content type than the one the call takes.
    UnsupportedMediaType, "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "不支持这种内容类型";
    /// Nothing was said.
    EmptyMessage, "empty_message", UNPROCESSABLE_ENTITY, "请先输入要说的话";
    /// Longer than a message may be.
    MessageTooLong, "message_too_long", UNPROCESSABLE_ENTITY, "这段话太长了，请分几次发送";
    /// A value of the draft is not possible.
    InvalidDraft, "invalid_draft", UNPROCESSABLE_ENTITY, "有内容填写得不对";
    /// No bearer.
    Unauthenticated, "unauthenticated", UNAUTHORIZED, "缺少访问凭证";
    /// The bearer opens nothing here.
    Forbidden, "forbidden", FORBIDDEN, "没有权限";
    /// Name and password do not open anything.
    SignInFailed, "sign_in_failed", UNAUTHORIZED, "登录没有成功";
    /// Too many wrong tries.
    SignInLocked, "sign_in_locked", TOO_MANY_REQUESTS, "登录尝试次数过多，请稍后再试";
    /// Only calls about oneself are open until the first password has been changed.
    PasswordChangeRequired, "password_change_required", FORBIDDEN, "请先修改首次登录的密码";
    /// The new password is not taken.
    WeakPassword, "weak_password", UNPROCESSABLE_ENTITY, "这个密码不能使用";
    /// A call from another site under somebody's session.
    CrossSite, "cross_site", FORBIDDEN, "不接受来自其他网站的操作";
    /// A site that may not show this channel's window.
    OriginRefused, "origin_refused", FORBIDDEN, "这个网站没有获准使用这个入口";
    /// The channel is closed.
    ChannelDisabled, "channel_disabled", FORBIDDEN, "这个入口已停用";
    /// The channel wants a token that its host has signed.
    ChannelTokenRequired, "channel_token_required", FORBIDDEN, "请从原来的网站打开这个窗口";
    /// A token that is none, or that nobody who may has signed.
    ChannelTokenInvalid, "channel_token_invalid", FORBIDDEN, "打开窗口的凭证无效，请刷新原来的网页再试";
    /// A token of another channel.
    ChannelTokenForeign, "channel_token_foreign", FORBIDDEN, "打开窗口的凭证不是这个入口的，请刷新原来的网页再试";
    /// A token that has run out.
    ChannelTokenExpired, "channel_token_expired", FORBIDDEN, "打开窗口的凭证已过期，请刷新原来的网页再试";
    /// A token that has opened a conversation already.
    ChannelTokenUsed, "channel_token_used", FORBIDDEN, "打开窗口的凭证已用过，请刷新原来的网页再试";
    /// There is no such URL or thing.
    NotFound, "not_found", NOT_FOUND, "没有找到";
    /// The URL exists, the method does not.
    MethodNotAllowed, "method_not_allowed", METHOD_NOT_ALLOWED, "该地址不支持这种请求方法";
    /// The draft lacks what blocks confirming.
    DraftIncomplete, "draft_incomplete", CONFLICT, "还缺少必要的信息，补充后才能提交";
    /// There was never a draft.
    NoDraft, "no_draft", NOT_FOUND, "没有待确认的上报";
    /// The state does not allow it.
    Conflict, "conflict", CONFLICT, "当前状态不能这样操作";
    /// Somebody else moved the deadline meanwhile.
    DeadlineMoved, "deadline_moved", CONFLICT, "时限已经变化";
    /// A second extension needs another person, who may dispatch.
    ReviewerNeeded, "reviewer_needed", FORBIDDEN, "需要另一位有流转调度权限的人办理";
    /// A change of a draft without the revision that was seen.
    RevisionRequired, "revision_required", PRECONDITION_REQUIRED, "请在 If-Match 中写明您看到的是第几次修改";
    /// Somebody else was faster.
    RevisionConflict, "revision_conflict", CONFLICT, "这份资料已被别人改过";
    /// Fields block submitting.
    DocumentIncomplete, "document_incomplete", UNPROCESSABLE_ENTITY, "还有内容没有填好，不能提交审核";
    /// Warnings stand in the way until a person says why it must be.
    NotAcknowledged, "not_acknowledged", CONFLICT, "发布前有需要确认的问题";
    /// Right answers of the canonical questions would be lost.
    AnswersLost, "answers_lost", CONFLICT, "这次修改会使一些问题失去正确答案";
    /// Authors do not approve what they wrote.
    OwnVersion, "own_version", FORBIDDEN, "起草人不能审核自己的版本";
    /// Near copies or contradictions stand in the way of publishing.
    FindingsOpen, "findings_open", CONFLICT, "还有疑点没有处理，不能发布";
    /// Something is wrong with the street's files.
    StreetRefused, "street_refused", UNPROCESSABLE_ENTITY, "街道数据有问题，没有任何改动";
    /// Another version of the street's files is in use than the caller saw.
    StreetChanged, "street_changed", CONFLICT, "街道数据已被别人换了版本";
    /// A dispute of a ticket that may have none.
    NotDisputable, "not_disputable", CONFLICT, "这张工单不能再提出异议";
    /// Whoever raised a dispute does not decide it.
    OwnDispute, "own_dispute", FORBIDDEN, "提出异议的人不能自己审定";
    /// More bytes than a body may have.
    TooLarge, "too_large", PAYLOAD_TOO_LARGE, "内容太大";
    /// Not a picture that can be shown.
    InvalidPicture, "invalid_picture", UNPROCESSABLE_ENTITY, "这不是可以使用的照片";
    /// Not a recording that can be played, or a longer one than its kind may be.
    InvalidAttachment, "invalid_attachment", UNPROCESSABLE_ENTITY, "这不是可以使用的语音或视频";
    /// More attachments than one message or one matter may have.
    TooManyAttachments, "too_many_attachments", UNPROCESSABLE_ENTITY, "附件太多了";
    /// The kept file is not what was kept.
    AttachmentDamaged, "attachment_damaged", INTERNAL_SERVER_ERROR, "附件文件已损坏，请联系管理员从备份恢复";
    /// `Range` begins behind the end.
    RangeNotSatisfiable, "range_not_satisfiable", RANGE_NOT_SATISFIABLE, "请求的范围超出了文件";
    /// A recording without words.
    NothingHeard, "nothing_heard", UNPROCESSABLE_ENTITY, "没有听清，请离手机近一点再说一次，也可以打字";
    /// The endpoint for voice input failed.
    TranscriptionFailed, "transcription_failed", BAD_GATEWAY, "语音没能转成文字，请再试一次，也可以打字";
    /// Too many requests.
    RateLimited, "rate_limited", TOO_MANY_REQUESTS, "发送得太快了，请稍后再试";
    /// Too many wrong tries for one ticket.
    LookupLocked, "lookup_locked", TOO_MANY_REQUESTS, "查询次数过多，请稍后再试";
    /// A callback that is not from the platform.
    BadSignature, "bad_signature", UNAUTHORIZED, "签名无效";
    /// It took too long.
    Timeout, "timeout", GATEWAY_TIMEOUT, "处理超时，请重试";
    /// Not ready, or the storage is not there.
    Unavailable, "unavailable", SERVICE_UNAVAILABLE, "服务暂时不可用，请稍后再试";
    /// A defect of ours.
    Internal, "internal", INTERNAL_SERVER_ERROR, "服务出错了，请稍后再试，紧急情况请直接拨打110、119、120";
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// Name of the field, dotted.
    pub field: String,
    /// What is wrong, for people.
    pub message: String,
}

/// A refusal on its way out.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Which.
    pub code: Code,
    /// This case, for people.
    pub detail: Option<String>,
    /// Fields that are wrong.
    pub errors: Vec<FieldProblem>,
    /// Names that block confirming.
    pub missing: Vec<String>,
    /// Seconds.
    pub retry_after: Option<u64>,
    /// More members of the body.
    pub more: Vec<(&'static str, serde_json::Value)>,
}

/// The body of a refusal (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// `urn:gridworker:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What people read.
    pub title: &'static str,
    /// HTTP status.
    pub status: u16,
    /// This case, for people.
    pub detail: String,
    /// Stable.
    pub code: &'static str,
    /// Fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// Names that block confirming.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What else this code tells (RFC 9457 extension members): `findings`, `current`, `difference` …
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub more: std::collections::BTreeMap<&'static str, serde_json::Value>,
}

impl Problem {
    /// A refusal whose title says it all.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, detail: None, errors: Vec::new(), missing: Vec::new(), retry_after: None, more: Vec::new() }
    }

    /// With words about this case.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With another member.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: serde_json::Value) -> Self {
        self.more.push((name, value));
        self
    }

    /// With the time to wait.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A failure of ours: the cause goes to the log, not to the caller.
    #[must_use]
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %cause, "request failed");
        Self::new(Code::Internal)
    }

    /// Storage is not there: the caller may try again.
    #[must_use]
    pub fn unavailable(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %cause, "storage failed");
        Self::new(Code::Unavailable).retry_after(2)
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> ProblemBody {
        ProblemBody {
            kind: format!("urn:gridworker:problem:{}", self.code.code()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: self.detail.clone().unwrap_or_else(|| self.code.title().to_owned()),
            code: self.code.code(),
            errors: self.errors.clone(),
            missing: self.missing.clone(),
            more: self.more.iter().cloned().collect(),
        }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.code.status(), Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == Code::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
