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
    check(
        404,
        false,
        "get",
        Resource::SidecarWorkloads,
        &expect![
            "this cluster does not know SidecarWorkloads: Mainstay's chart installs them (helm install mainstay charts/mainstay --namespace mainstay-system --create-namespace), or kubectl apply --filename crds/yaml"
        ],
    );
    check(
        404,
        true,
        "get",
        Resource::SidecarWorkloads,
        &expect![[
            r#"there is no SidecarWorkload "web" in namespace shop: --namespace selects another one, and `kubectl mainstay get --all-namespaces` lists all"#
        ]],
    );
    check(404, false, "list", Resource::Pods, &expect!["the server answers 404: the server's words"]);
}

#[test]
fn what_one_may_not() {
    check(
        403,
        false,
        "get",
        Resource::SidecarWorkloads,
        &expect![[r#"
        you may not get sidecarworkloads in namespace shop: the server's words
        The ClusterRole view has that right where Mainstay's chart is installed; who may grant it writes: kubectl create rolebinding NAME --clusterrole=view --user=USER --namespace=shop"#]],
    );
    check(
        403,
        true,
        "patch",
        Resource::SidecarWorkloads,
        &expect![[r#"
        you may not patch sidecarworkloads in namespace shop: the server's words
        The ClusterRole edit has that right where Mainstay's chart is installed; who may grant it writes: kubectl create rolebinding NAME --clusterrole=edit --user=USER --namespace=shop"#]],
    );
    check(
        403,
        false,
        "list",
        Resource::ControllerRevisions,
        &expect![[r#"
        you may not list controllerrevisions in namespace shop: the server's words
        The ClusterRole view has that right where Mainstay's chart is installed; who may grant it writes: kubectl create rolebinding NAME --clusterrole=view --user=USER --namespace=shop"#]],
    );
    let asked =
        Asked { verb: "list", resource: Resource::SidecarWorkloads, namespace: None, name: String::new() };
    let answer = Answer { code: 403, message: "the server's words".to_owned(), ..Answer::default() };
    expect![[r#"
        you may not list sidecarworkloads in all namespaces: the server's words
        The ClusterRole view has that right where Mainstay's chart is installed; who may grant it writes: kubectl create clusterrolebinding NAME --clusterrole=view --user=USER"#]].assert_eq(&classify(answer, &asked).to_string());
    check(
        401,
        false,
        "get",
        Resource::SidecarWorkloads,
        &expect!["the server does not accept the credentials of the kubeconfig: the server's words"],
    );
}

#[test]
fn what_is_refused() {
    check(
        409,
        true,
        "patch",
        Resource::SidecarWorkloads,
        &expect![[r#""web" was changed by somebody else each time that it was to be written: try again"#]],
    );
    check(
        422,
        true,
        "patch",
        Resource::SidecarWorkloads,
        &expect![[r#""web" was changed by somebody else each time that it was to be written: try again"#]],
    );
    check(
        500,
        false,
        "get",
        Resource::SidecarWorkloads,
        &expect!["the server answers 500: the server's words"],
    );
    let asked = Asked {
        verb: "patch",
        resource: Resource::SidecarWorkloads,
        namespace: None,
        name: "web".to_owned(),
    };
    let causes = [("spec.revision", "leave out revision"), ("spec.replicas", "is negative")];
    let causes = causes.map(|(field, message)| (field.to_owned(), message.to_owned())).to_vec();
    let answer = Answer { code: 422, causes, ..Answer::default() };
    expect!["the server refuses that: spec.revision: leave out revision; spec.replicas: is negative"]
        .assert_eq(&classify(answer, &asked).to_string());
}
