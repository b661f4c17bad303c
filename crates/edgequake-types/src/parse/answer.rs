//! [`ParseAnswer`]: the Markdown, or the job that will make it.

use bytes::Bytes;
use http::response::Parts;
use http::{Response, StatusCode};

use super::*;
use crate::endpoint::{Answer, Decode, Whole, json_answer};

/// The answer to [`ParsePdf`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ParseAnswer {
    /// It was parsed at once.
    Parsed(Box<ParseResult>),
    /// It is parsed by this job, for [`GetParseJob`].
    Accepted(Box<ParseJob>),
}

impl ParseAnswer {
    /// The Markdown, if it was parsed at once.
    pub fn result(&self) -> Option<&ParseResult> {
        match self {
            Self::Parsed(result) => Some(result),
            Self::Accepted(job) => job.result.as_ref(),
        }
    }

    /// The job, if it is one.
    pub fn job(&self) -> Option<&ParseJob> {
        match self {
            Self::Parsed(_) => None,
            Self::Accepted(job) => Some(job),
        }
    }
}

impl Answer for ParseAnswer {
    const MEDIA_TYPE: &'static str = "application/json";
    type Form = Whole;
}

impl Decode for ParseAnswer {
    /// The status tells the two apart, or else what is there.
    fn decode(head: &Parts, body: Bytes) -> Result<Self, DecodeError> {
        let is_job =
            || from_json::<Map<String, Value>>(&body).is_ok_and(|fields| fields.contains_key("job_id"));
        if head.status == StatusCode::ACCEPTED || is_job() {
            return from_json(&body).map(|job| Self::Accepted(Box::new(job)));
        }
        from_json(&body).map(|result| Self::Parsed(Box::new(result)))
    }

    fn encode(&self) -> Result<Response<Bytes>, EncodeError> {
        match self {
            Self::Parsed(result) => json_answer(200, result),
            Self::Accepted(job) => json_answer(202, job),
        }
    }
}
