//! What went wrong, as one document: RFC 9457, with a fixed code.
//!
//! The kinds stand in one table, which `/api/docs` prints. A sender's mistake names the field and the fix; a
//! fault of ours says only that it is one, and the rest goes into the log under the request id. No problem
//! holds a value that was sent, because the value may be personal.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{CopyFault, LicenseId, SubmissionFault};
use crate::service::error::{Fault, Refusal};

/// One thing that went wrong with a request.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: &'static ProblemKind,
    code: &'static str,
    status: StatusCode,
    detail: Option<String>,
    faults: Vec<FaultLine>,
    // Boxed, because a problem travels in every `Result` of the doors.
    license_id: Option<Box<LicenseId>>,
}

impl Problem {
    /// A problem of a kind.
    pub fn new(kind: &'static ProblemKind) -> Self {
        Self {
            kind,
            code: kind.code,
            status: kind.status,
            detail: None,
            faults: Vec::new(),
            license_id: None,
        }
    }

    /// With a sentence on this occurrence; never a value that was sent.
    pub fn saying(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With the faults of the fields.
    pub fn with_faults(mut self, faults: Vec<FaultLine>) -> Self {
        self.faults = faults;
        self
    }

    /// The kind.
    pub fn kind(&self) -> &'static ProblemKind {
        self.kind
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The sentence on this occurrence.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The codes of the faults, in order.
    #[cfg(test)]
    pub(crate) fn fault_codes(&self) -> Vec<&'static str> {
        self.faults.iter().map(|fault| fault.code).collect()
    }

    fn of_submission(faults: &[SubmissionFault]) -> Self {
        let mut problem = Self::new(&SUBMISSION_REFUSED).with_faults(
            faults
                .iter()
                .map(|fault| FaultLine {
                    field: fault.field.clone(),
                    code: fault.code(),
                    message: fault.kind.to_string(),
                })
                .collect(),
        );
        if problem.faults.iter().any(|fault| fault.code == "submission.not_json") {
            problem.status = StatusCode::BAD_REQUEST;
        }
        problem
    }
}

impl Problem {
    fn of_copy(faults: &[CopyFault]) -> Self {
        let line =
            |fault: &CopyFault| FaultLine::new(fault.field, fault.code(), fault.kind.to_string());
        let mut problem = Self::new(&COPY_REFUSED).with_faults(faults.iter().map(line).collect());
        if problem.faults.iter().any(|fault| fault.code == "copy.not_json") {
            problem.status = StatusCode::BAD_REQUEST;
        }
        problem
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        tracing::error!(place = fault.place, cause = fault.cause, "a desk met a fault of ours");
        Self::new(&UNAVAILABLE)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fault(fault) => fault.into(),
            Refusal::Forbidden { missing } => {
                Self::new(&FORBIDDEN).saying(format!("the caller lacks the right: {missing}"))
            }
            Refusal::Conflict { code, id } => {
                let kind = ALL.iter().find(|kind| kind.code == code).copied();
                Self { code, license_id: id.map(Box::new), ..Self::new(kind.unwrap_or(&CONFLICT)) }
            }
            Refusal::Copy(faults) => Self::of_copy(&faults),
            Refusal::NotFound => Self::new(&LICENSE_NOT_FOUND),
            Refusal::Submission(faults) => Self::of_submission(&faults),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = ProblemDocument {
            r#type: format!("/api/docs#{}", self.kind.code),
            title: self.kind.title,
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.clone(),
            faults: self.faults.clone(),
            license_id: self.license_id.as_ref().map(|id| id.to_string()),
        };
        let mut response = (self.status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // The pages' layer finds it here and tells it in the reader's language.
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem document (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Where the kind of problem is explained, relative to this server.
    r#type: String,
    /// What kind of problem it is, for people.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What kind of problem it is, for programs. Never reworded, never reused.
    code: &'static str,
    /// What happened this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Everything that is wrong with the fields, not the first thing only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FaultLine>,
    /// The license that stands in the way, where the caller may know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    license_id: Option<String>,
}

/// One thing that is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Fault)]
pub struct FaultLine {
    /// Where: `holders[0].code`, `face.KZ_JYFW`; empty for the whole.
    pub field: String,
    /// What, for programs. Never reworded, never reused.
    pub code: &'static str,
    /// What, for people, and the fix.
    pub message: String,
}

impl FaultLine {
    /// A fault of a field.
    pub fn new(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), code, message: message.into() }
    }
}

/// A kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemKind {
    /// For programs. Part of the API: never reworded, never reused.
    pub code: &'static str,
    /// The usual status.
    pub status: StatusCode,
    /// For people, in English.
    pub title: &'static str,
    /// For people, in Chinese.
    pub title_zh: &'static str,
    /// What the caller can do about it.
    pub fix: &'static str,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $title:literal, $title_zh:literal, $fix:literal;)+) => {
        $($(#[$doc])*
        pub static $name: ProblemKind = ProblemKind {
            code: $code,
            status: StatusCode::$status,
            title: $title,
            title_zh: $title_zh,
            fix: $fix,
        };)+

        /// Every kind, by code.
        pub static ALL: &[&ProblemKind] = &[$(&$name,)+];
    };
}

kinds! {
    /// A right is missing.
    FORBIDDEN = "caller.forbidden", FORBIDDEN, "The caller may not do this", "无权进行此操作",
        "Ask the operator for the right, or use the token of the system that has it.";
    /// No token, or none we know.
    UNKNOWN_CALLER = "caller.unknown", UNAUTHORIZED, "The caller is not known", "未能识别调用方",
        "Send the issuing system's token: `Authorization: Bearer …`.";
    /// A license that is not in force is not copied.
    COPY_EXPIRED = "copy.license_expired", CONFLICT, "The license has expired and is not copied", "证照已过有效期，不能制作加注件",
        "Have it renewed, and copy the new version.";
    /// Nor one that has not begun.
    COPY_NOT_YET = "copy.license_not_yet_in_force", CONFLICT, "The license is not yet in force and is not copied", "证照尚未生效，不能制作加注件",
        "Wait for its first day.";
    /// Nor a version with another in its place.
    COPY_REPLACED = "copy.license_replaced", CONFLICT, "A later version stands in its place; this one is not copied", "证照已被新版本取代，不能制作加注件",
        "Copy the version named by `license_id`.";
    /// Nor one that was revoked.
    COPY_REVOKED = "copy.license_revoked", CONFLICT, "The license was revoked and is not copied", "证照已废止，不能制作加注件",
        "There is nothing to copy: a revocation is final.";
    /// Nor one that is suspended.
    COPY_SUSPENDED = "copy.license_suspended", CONFLICT, "The license is suspended and is not copied", "证照已暂扣，不能制作加注件",
        "Wait for its reinstatement.";
    /// A request for a copy that does not hold together.
    COPY_REFUSED = "copy.refused", UNPROCESSABLE_ENTITY, "The request for an annotated copy does not hold together", "加注件申请不符合要求",
        "`faults` lists everything that is wrong; put it right and send it under a new Idempotency-Key.";
    /// A license id that is not well formed.
    BAD_LICENSE_ID = "license.bad_id", UNPROCESSABLE_ENTITY, "This is not a license id", "这不是有效的电子证照标识",
        "Compare the id with its source; `detail` says which part is wrong.";
    /// A conflict with a code of the desk's own.
    CONFLICT = "license.conflict", CONFLICT, "The license stands in a state that does not allow this", "证照当前状态不允许此操作",
        "Read the license again and decide anew.";
    /// Another writer came first.
    HEAD_MOVED = "license.head_moved", CONFLICT, "Another version was made meanwhile", "证照已有更新的版本",
        "Read the newest version, named by `license_id`, and send the submission for the version after it.";
    /// A revocation ends a license with all its versions.
    LICENSE_REVOKED = "license.revoked", CONFLICT, "The license was revoked and takes no further version", "证照已废止，不能再签发新版本",
        "Leave `replaces` out: what comes after a revocation is another license, with another number.";
    /// The number belongs to another license.
    NUMBER_TAKEN = "license.number_taken", CONFLICT, "The license number belongs to another license", "证照编号已被占用",
        "To change that license, send its id, named by `license_id`, as `replaces`.";
    /// No such license, or none for this caller.
    LICENSE_NOT_FOUND = "license.not_found", NOT_FOUND, "There is no such license", "没有找到该证照",
        "Check the id. A license of another authority looks the same as none.";
    /// No such type.
    TYPE_NOT_FOUND = "license_type.not_found", NOT_FOUND, "There is no such license type", "没有找到该证照类型",
        "See `GET /api/v1/license-types`.";
    /// A multipart body that does not hold together.
    BAD_FORM = "request.bad_form", BAD_REQUEST, "The form could not be read", "表单无法读取",
        "Send `multipart/form-data` as RFC 7578 lays down.";
    /// An idempotency key that is absent or malformed.
    BAD_KEY = "request.bad_key", BAD_REQUEST, "A write needs an Idempotency-Key", "写操作必须带有 Idempotency-Key",
        "Send `Idempotency-Key`: 1 to 128 visible ASCII characters, new for each act, the same for its repetitions.";
    /// The body ended early.
    BROKEN_OFF = "request.broken_off", BAD_REQUEST, "The body broke off", "请求内容中断",
        "Send the request again.";
    /// One key, two bodies.
    KEY_REUSED = "request.key_reused", CONFLICT, "The Idempotency-Key was used for another body", "Idempotency-Key 已用于其他内容",
        "Choose a new key for a new act.";
    /// A method the address does not have.
    METHOD_NOT_ALLOWED = "request.method_not_allowed", METHOD_NOT_ALLOWED, "The address does not have this method", "该地址不支持此方法",
        "The `Allow` header lists the methods it has.";
    /// An address that is none.
    NOT_FOUND = "request.not_found", NOT_FOUND, "There is nothing at this address", "该地址没有内容",
        "See `/api/docs` for the addresses there are.";
    /// A body that is not JSON.
    NOT_JSON = "request.not_json", BAD_REQUEST, "The body is not a JSON object", "请求内容不是 JSON 对象",
        "Send one JSON object in UTF-8.";
    /// A form sent from somewhere else.
    OTHER_SITE = "request.other_site", FORBIDDEN, "The form was not sent from this site", "请求并非来自本网站的页面",
        "Open the page here and send it again.";
    /// Larger than allowed.
    TOO_LARGE = "request.too_large", PAYLOAD_TOO_LARGE, "The body is too large", "内容超出大小限制",
        "`detail` states the limit.";
    /// A content type the address does not take.
    UNSUPPORTED_MEDIA_TYPE = "request.unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The address does not take this content type", "不支持此内容类型",
        "`detail` lists the content types it takes.";
    /// More requests than permits.
    BUSY = "service.busy", SERVICE_UNAVAILABLE, "Too many requests are at work", "系统繁忙",
        "Send the same request again after `Retry-After` seconds.";
    /// A defect of ours.
    FAILED = "service.failed", INTERNAL_SERVER_ERROR, "Something went wrong on our side", "系统出错",
        "Tell the operator the `X-Request-Id`. The same request may be sent again.";
    /// It took too long.
    TIMEOUT = "service.timeout", SERVICE_UNAVAILABLE, "The request took too long", "处理超时",
        "Send the same request again with the same Idempotency-Key: it is never carried out twice.";
    /// A fault of ours.
    UNAVAILABLE = "service.unavailable", SERVICE_UNAVAILABLE, "The service cannot do this now", "服务暂时不可用",
        "Send the same request again after `Retry-After` seconds, with the same Idempotency-Key.";
    /// A change of standing that does not hold together.
    STANDING_REFUSED = "standing.refused", UNPROCESSABLE_ENTITY, "The change of standing does not hold together", "状态变更请求不符合要求",
        "`faults` lists everything that is wrong.";
    /// A submission that does not hold together.
    SUBMISSION_REFUSED = "submission.refused", UNPROCESSABLE_ENTITY, "The submission does not hold together", "制证数据不符合要求",
        "`faults` lists everything that is wrong; put it right and send it under a new Idempotency-Key.";
    /// What should become a receipt was not shown here, or too long ago.
    TICKET_REFUSED = "receipt.ticket_refused", UNPROCESSABLE_ENTITY, "No receipt can be given for this", "不能为此出具回执",
        "Verify the license again, and ask for the receipt within a day.";
    /// A receipt in a form there is not.
    RECEIPT_FORM = "receipt.unknown_form", UNPROCESSABLE_ENTITY, "There is no such form of a receipt", "没有这种形式的回执",
        "Ask with `form=json` or `form=pdf`.";
    /// A question that is none.
    VERIFICATION_REFUSED = "verification.refused", UNPROCESSABLE_ENTITY, "There is nothing to verify", "没有可核验的内容",
        "Send one file, or one license id.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_no_code_stands_twice() {
        let mut codes: Vec<&str> = ALL.iter().map(|kind| kind.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ALL.len());
        assert!(
            ALL.iter().all(|kind| kind.status.is_client_error() || kind.status.is_server_error())
        );
    }

    #[test]
    fn a_fault_of_ours_says_nothing_of_its_cause() {
        let problem =
            Problem::from(Fault::new("vault.commit", "disk full at row 990000199001010014"));
        assert_eq!(problem.kind().code, "service.unavailable");
        assert!(problem.detail().is_none() && problem.faults.is_empty());
    }

    #[test]
    fn a_conflict_keeps_the_desks_own_code() {
        let problem =
            Problem::from(Refusal::Conflict { code: "standing.already_revoked", id: None });
        assert_eq!(
            (problem.code, problem.status),
            ("standing.already_revoked", StatusCode::CONFLICT)
        );
        let problem = Problem::from(Refusal::Conflict { code: "license.head_moved", id: None });
        assert_eq!(problem.kind(), &HEAD_MOVED);
    }
}
