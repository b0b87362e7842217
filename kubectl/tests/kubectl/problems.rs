//! What is said when something goes wrong.

use expect_test::{Expect, expect};
use mainstay_kubectl::problem::{Answer, Asked, Resource, classify};

fn check(code: u16, names_object: bool, verb: &'static str, resource: Resource, expected: &Expect) {
    let asked = Asked { verb, resource, namespace: Some("shop".to_owned()), name: "web".to_owned() };
    let answer = Answer { code, message: "the server's words".to_owned(), names_object, causes: Vec::new() };
    expected.assert_eq(&classify(answer, &asked).to_string());
}

#[test]
fn what_is_not_there() {
    check(404, false, "get", Resource::SidecarWorkloads, &expect![[]]);
    check(404, true, "get", Resource::SidecarWorkloads, &expect![[]]);
    check(404, false, "list", Resource::Pods, &expect![[]]);
}

#[test]
fn what_one_may_not() {
    check(403, false, "get", Resource::SidecarWorkloads, &expect![[]]);
    check(403, true, "patch", Resource::SidecarWorkloads, &expect![[]]);
    check(403, false, "list", Resource::ControllerRevisions, &expect![[]]);
    let asked =
        Asked { verb: "list", resource: Resource::SidecarWorkloads, namespace: None, name: String::new() };
    let answer = Answer { code: 403, message: "the server's words".to_owned(), ..Answer::default() };
    expect![[]].assert_eq(&classify(answer, &asked).to_string());
    check(401, false, "get", Resource::SidecarWorkloads, &expect![[]]);
}

#[test]
fn what_is_refused() {
    check(409, true, "patch", Resource::SidecarWorkloads, &expect![[]]);
    check(422, true, "patch", Resource::SidecarWorkloads, &expect![[]]);
    check(500, false, "get", Resource::SidecarWorkloads, &expect![[]]);
    let asked = Asked {
        verb: "patch",
        resource: Resource::SidecarWorkloads,
        namespace: None,
        name: "web".to_owned(),
    };
    let causes = [("spec.revision", "leave out revision"), ("spec.replicas", "is negative")];
    let causes = causes.map(|(field, message)| (field.to_owned(), message.to_owned())).to_vec();
    let answer = Answer { code: 422, causes, ..Answer::default() };
    expect![[]].assert_eq(&classify(answer, &asked).to_string());
}
