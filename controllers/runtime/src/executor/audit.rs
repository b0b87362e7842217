//! A pass over a source's metadata, page by page, with pauses so that nobody notices.

use std::time::Instant;

use mainstay_engine::{AuditEntry, Input, Source};
use mainstay_wire::{answer, list, request};

use super::ExecutorSettings;
use super::owed_answer::OwedAnswer;
use crate::connection::Channel;

/// Reads all pages and answers. All pages of a list are of one version; where the server has forgotten it meanwhile, the
/// audit has failed, and the next one is due anyway.
pub(super) async fn run(owed: OwedAnswer, channel: Channel, settings: ExecutorSettings, source: Source) {
    match entries(&channel, settings, &source).await {
        Ok((entries, version)) => owed.pay(Input::Audited { source, entries, version }),
        Err(reason) => {
            tracing::warn!(kind = %source.kind, reason, "an audit has failed");
            owed.pay(Input::AuditFailed(source));
        }
    }
}

async fn entries(
    channel: &Channel,
    settings: ExecutorSettings,
    source: &Source,
) -> Result<(Vec<AuditEntry>, mainstay_model::ResourceVersion), String> {
    let mut entries = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let request = request::metadata_list(
            source.kind,
            source.namespace.as_deref(),
            Some(settings.audit_page),
            token.as_deref(),
        );
        let answer_by = Instant::now() + settings.request_timeout;
        let answer = channel.send(request, answer_by).await.map_err(|error| error.to_string())?;
        if answer.code != 200 {
            let status = answer::status(answer.code, &answer.body);
            return Err(format!("{} {}: {}", status.code, status.reason, status.message));
        }
        let page = list::decode_metadata(&answer.body).map_err(|error| error.to_string())?;
        entries.extend(page.entries.into_iter().map(|(uid, version)| AuditEntry { uid, version }));
        token = page.continue_token;
        if token.is_none() {
            return Ok((entries, page.version));
        }
        tokio::time::sleep(settings.audit_pause).await;
    }
}
