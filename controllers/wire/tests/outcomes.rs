//! What each answer says of a write and of a read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::time::Duration;

use mainstay_model::{
    AddressType, AdoptPod, ControllerReference, CreateControllerRevision, CreateEndpointSlice,
    CreateEndpoints, CreatePod, DeleteObject, DeletePod, EndpointSliceContent, EndpointsContent, IpFamily,
    Kind, LabelSet, ObjectName, PatchControllerRevision, PatchPod, PatchPodCondition, PodTemplate,
    ReadOutcome, Refusal, ReleasePod, ReplicationControllerStatus, ResourceVersion, SidecarWorkloadStatus,
    StatusPatch, Timestamp, Uid, UpdateEndpointSlice, UpdateEndpoints, Write, WriteOutcome,
};
use mainstay_wire::answer;

fn pod() -> ObjectName {
    ObjectName::new("shop", "web-1")
}

fn owner() -> ControllerReference {
    ControllerReference { kind: Kind::ReplicationController, name: "web".into(), uid: Uid(2) }
}

fn create() -> Write {
    let template = Arc::new(PodTemplate::default());
    Write::CreatePod(CreatePod { pod: pod(), generate_name: "web-".into(), owner: owner(), template })
}

fn delete() -> Write {
    Write::DeletePod(DeletePod { pod: pod(), uid: Uid(1) })
}

fn adopt() -> Write {
    Write::AdoptPod(AdoptPod { pod: pod(), uid: Uid(1), owner: owner() })
}

fn release() -> Write {
    Write::ReleasePod(ReleasePod { pod: pod(), uid: Uid(1), owner: Uid(2) })
}

fn status() -> Write {
    Write::PatchReplicationControllerStatus(StatusPatch {
        object: ObjectName::new("shop", "web"),
        uid: Uid(2),
        version: ResourceVersion(1),
        status: ReplicationControllerStatus::default(),
    })
}

fn endpoints() -> Arc<EndpointsContent> {
    Arc::new(EndpointsContent {
        labels: LabelSet::default(),
        annotations: LabelSet::default(),
        subsets: Arc::default(),
    })
}

fn slice() -> Arc<EndpointSliceContent> {
    Arc::new(EndpointSliceContent {
        labels: LabelSet::default(),
        annotations: LabelSet::default(),
        address_type: AddressType::Ip(IpFamily::V4),
        endpoints: Arc::default(),
        ports: Arc::default(),
    })
}

fn create_endpoints() -> Write {
    Write::CreateEndpoints(CreateEndpoints { endpoints: pod(), content: endpoints() })
}

fn create_slice() -> Write {
    let generate_name = "web-".into();
    let create = CreateEndpointSlice { slice: pod(), generate_name, owner: owner(), content: slice() };
    Write::CreateEndpointSlice(create)
}

fn update_endpoints() -> Write {
    Write::UpdateEndpoints(UpdateEndpoints {
        endpoints: pod(),
        uid: Uid(1),
        version: ResourceVersion(1),
        kept: Default::default(),
        content: endpoints(),
    })
}

fn update_slice() -> Write {
    Write::UpdateEndpointSlice(UpdateEndpointSlice {
        slice: pod(),
        uid: Uid(1),
        version: ResourceVersion(1),
        kept: Default::default(),
        content: slice(),
    })
}

fn delete_object() -> Write {
    let (kind, version) = (Kind::EndpointSlice, ResourceVersion(1));
    Write::DeleteObject(DeleteObject { kind, object: pod(), uid: Uid(1), version })
}

fn create_revision() -> Write {
    let data = Default::default();
    let create = CreateControllerRevision { revision: pod(), owner: owner(), number: 1, data };
    Write::CreateControllerRevision(create)
}

fn patch_revision() -> Write {
    Write::PatchControllerRevision(PatchControllerRevision {
        revision: pod(),
        uid: Uid(1),
        version: ResourceVersion(1),
        number: Some(2),
        owner: None,
        healthy_at: None,
    })
}

fn patch_pod() -> Write {
    Write::PatchPod(PatchPod {
        pod: pod(),
        uid: Uid(1),
        version: ResourceVersion(1),
        images: [].into(),
        labels: [].into(),
        annotations: [].into(),
    })
}

fn patch_condition() -> Write {
    Write::PatchPodCondition(PatchPodCondition {
        pod: pod(),
        uid: Uid(1),
        condition: "mainstay.dev/serving".into(),
        status: true,
        reason: "Serving",
        at: Timestamp::from_seconds(7),
    })
}

fn workload_status() -> Write {
    Write::PatchSidecarWorkloadStatus(StatusPatch {
        object: ObjectName::new("shop", "web"),
        uid: Uid(2),
        version: ResourceVersion(1),
        status: SidecarWorkloadStatus::default(),
    })
}

fn every() -> [Write; 15] {
    [
        create(),
        delete(),
        adopt(),
        release(),
        status(),
        create_endpoints(),
        create_slice(),
        update_endpoints(),
        update_slice(),
        delete_object(),
        create_revision(),
        patch_revision(),
        patch_pod(),
        patch_condition(),
        workload_status(),
    ]
}

fn json(reason: &str, message: &str) -> String {
    format!(r#"{{"kind":"Status","apiVersion":"v1","reason":"{reason}","message":"{message}"}}"#)
}

fn message() -> String {
    "words".to_owned()
}

/// What an answer with this code and reason says of a write.
fn outcome(write: &Write, code: u16, reason: &str) -> WriteOutcome {
    answer::outcome(write, code, None, json(reason, "words").as_bytes())
}

#[test]
fn an_answer_that_does_not_tell_is_unknown() {
    for write in every() {
        for code in [0, 100, 199, 302, 307, 399, 408, 500, 502, 503, 504, 507, 599, 600, 999] {
            assert_eq!(outcome(&write, code, ""), WriteOutcome::Unknown { message: message() }, "{code}");
        }
    }
}

#[test]
fn refusals() {
    for write in every() {
        for (code, reason, refusal) in [
            (400, "BadRequest", Refusal::Other { code: 400, message: message() }),
            (401, "Unauthorized", Refusal::Other { code: 401, message: message() }),
            (403, "Forbidden", Refusal::Forbidden { message: message() }),
            (405, "MethodNotAllowed", Refusal::Other { code: 405, message: message() }),
            (409, "Conflict", Refusal::Conflict { message: message() }),
            (410, "Gone", Refusal::Other { code: 410, message: message() }),
            (413, "RequestEntityTooLarge", Refusal::Other { code: 413, message: message() }),
            (415, "UnsupportedMediaType", Refusal::Other { code: 415, message: message() }),
            (422, "Invalid", Refusal::Invalid { message: message() }),
            (429, "TooManyRequests", Refusal::TooManyRequests { retry_after: None, message: message() }),
        ] {
            assert_eq!(outcome(&write, code, reason), WriteOutcome::Refused(refusal), "{code} {write:?}");
        }
    }
}

#[test]
fn what_is_not_there_cannot_be_changed_but_counts_as_deleted() {
    for write in every() {
        if write.verb() == "delete" {
            let done = WriteOutcome::Acknowledged { version: None };
            assert_eq!(outcome(&write, 404, "NotFound"), done);
            continue;
        }
        let refusal = Refusal::NotFound { message: message() };
        assert_eq!(outcome(&write, 404, "NotFound"), WriteOutcome::Refused(refusal));
    }
}

#[test]
fn a_404_in_a_proxys_words_says_nothing_about_the_object() {
    let refusal = Refusal::Other { code: 404, message: "default backend - 404".to_owned() };
    let outcome = answer::outcome(&delete(), 404, None, b"default backend - 404\n");
    assert_eq!(outcome, WriteOutcome::Refused(refusal));
    let found = answer::read(Kind::Pod, 404, b"default backend - 404\n");
    assert_eq!(found, ReadOutcome::Failed { message: "default backend - 404".to_owned() });
}

#[test]
fn a_409_of_a_create_is_told_by_its_reason() {
    let conflict = WriteOutcome::Refused(Refusal::Conflict { message: message() });
    for create in [create(), create_endpoints(), create_slice(), create_revision()] {
        assert_eq!(outcome(&create, 409, "AlreadyExists"), WriteOutcome::Refused(Refusal::AlreadyExists));
        assert_eq!(outcome(&create, 409, "Conflict"), conflict);
    }
    for write in [status(), patch_pod(), patch_revision(), workload_status()] {
        assert_eq!(outcome(&write, 409, "AlreadyExists"), conflict);
        assert_eq!(outcome(&write, 409, "Conflict"), conflict);
    }
    assert_eq!(
        answer::outcome(&create(), 409, None, b""),
        WriteOutcome::Refused(Refusal::AlreadyExists),
        "without a reason the name is looked up"
    );
}

#[test]
fn a_409_of_a_delete_is_success_only_for_another_uid() {
    for (words, is_gone) in [
        ("Precondition failed: UID in precondition: a, UID in object meta: b", true),
        ("the UID in the precondition (a) does not match the UID in record (b). And more", true),
        (
            "the object has been modified; please apply your changes to the latest version and try again",
            false,
        ),
    ] {
        let outcome = answer::outcome(&delete(), 409, None, json("Conflict", words).as_bytes());
        assert_eq!(outcome == WriteOutcome::Acknowledged { version: None }, is_gone, "{outcome:?}");
        for write in [status(), update_endpoints(), update_slice(), delete_object()] {
            let outcome = answer::outcome(&write, 409, None, json("Conflict", words).as_bytes());
            assert!(matches!(outcome, WriteOutcome::Refused(Refusal::Conflict { .. })), "{outcome:?}");
        }
    }
}

#[test]
fn a_namespace_that_ends_is_told_by_the_cause() {
    let body = |cause: &str| {
        format!(
            r#"{{"kind":"Status","reason":"Forbidden","message":"words","details":{{"causes":[{{"reason":"Other"}},{{"reason":"{cause}"}}]}}}}"#
        )
    };
    let outcome = |cause: &str| answer::outcome(&create(), 403, None, body(cause).as_bytes());
    let ending = Refusal::NamespaceTerminating { message: message() };
    assert_eq!(outcome("NamespaceTerminating"), WriteOutcome::Refused(ending));
    assert_eq!(outcome("Else"), WriteOutcome::Refused(Refusal::Forbidden { message: message() }));
}

#[test]
fn how_long_to_wait_is_said_by_the_header_and_else_by_the_status() {
    let outcome = |header: Option<u64>, details: &str| {
        let body = format!(r#"{{"kind":"Status","message":"words","details":{details}}}"#);
        let header = header.map(Duration::from_secs);
        match answer::outcome(&create(), 429, header, body.as_bytes()) {
            WriteOutcome::Refused(Refusal::TooManyRequests { retry_after, .. }) => retry_after,
            other => panic!("{other:?}"),
        }
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(outcome(Some(3), r#"{"retryAfterSeconds":5}"#), seconds(3));
    assert_eq!(outcome(None, r#"{"retryAfterSeconds":5}"#), seconds(5));
    assert_eq!(outcome(None, r#"{"retryAfterSeconds":-5}"#), None);
    assert_eq!(outcome(None, "null"), None);
}

#[test]
fn an_acknowledgement_stands_even_where_its_body_cannot_be_read() {
    for write in every() {
        for body in [&b""[..], b"k8s\0", b"k8s\0\xff", b"{}", b"OK"] {
            let outcome = answer::outcome(&write, 200, None, body);
            assert_eq!(outcome, WriteOutcome::Acknowledged { version: None });
        }
    }
}

#[test]
fn a_read_that_is_not_answered_by_an_object_has_failed() {
    for (code, body) in [
        (200, json("", "words")),
        (200, String::new()),
        (403, json("Forbidden", "words")),
        (404, json("", "words")),
        (500, json("InternalError", "words")),
    ] {
        let found = answer::read(Kind::Pod, code, body.as_bytes());
        assert!(matches!(found, ReadOutcome::Failed { .. }), "{code} {body}: {found:?}");
    }
    assert_eq!(answer::read(Kind::Pod, 404, json("NotFound", "words").as_bytes()), ReadOutcome::NotFound);
}

#[test]
fn statuses_in_other_words() {
    for (body, message) in [
        ("", ""),
        ("  <html>\r\n<b>Bad Gateway</b>\u{7}\n", "<html>  <b>Bad Gateway</b>"),
        ("{\"kind\":\"Other\",\"message\":\"words\"}", "{\"kind\":\"Other\",\"message\":\"words\"}"),
        ("[1, 2]", "[1, 2]"),
        (
            "{\"kind\":\"Status\",\"message\":\"words\",\"code\":\"x\"}",
            "{\"kind\":\"Status\",\"message\":\"words\",\"code\":\"x\"}",
        ),
    ] {
        let status = answer::status(502, body.as_bytes());
        assert_eq!((status.code, &*status.reason, &*status.message), (502, "", message));
    }
    let long = "ä".repeat(10_000);
    assert_eq!(answer::status(502, long.as_bytes()).message.chars().count(), 300);
}
