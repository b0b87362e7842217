use mainstay_model::{Kind, LabelSelector, Object, Operator, Requirement};

use super::{UID, entries, field, metadata, number, read, read_damaged, text};
use crate::convert::object;
use crate::error::DecodeError;
use crate::protobuf::meta::{self, LabelSelectorRequirement};
use crate::protobuf::policy::{PodDisruptionBudget, PodDisruptionBudgetSpec};

fn budget(selector: Option<meta::LabelSelector>) -> Result<mainstay_model::PodDisruptionBudget, DecodeError> {
    let spec = Some(PodDisruptionBudgetSpec { selector });
    let message = PodDisruptionBudget { metadata: Some(metadata()), spec, status: None };
    match read(Kind::PodDisruptionBudget, &message)? {
        Object::PodDisruptionBudget(budget) => Ok((*budget).clone()),
        other => panic!("{other:?}"),
    }
}

fn requirement(key: &str, operator: &str, values: &[&str]) -> LabelSelectorRequirement {
    let values = values.iter().map(|value| text(value)).collect();
    LabelSelectorRequirement { key: text(key), operator: text(operator), values }
}

#[test]
fn a_budget_without_a_status_allows_nothing() {
    let budget = budget(None).unwrap();
    assert_eq!(budget.selector, None);
    assert_eq!((budget.disruptions_allowed, budget.desired_healthy, budget.observed_generation), (0, 0, 0));
}

#[test]
fn a_selector_that_is_empty_is_not_one_that_is_absent() {
    let budget = budget(Some(meta::LabelSelector::default())).unwrap();
    assert_eq!(budget.selector, Some(LabelSelector::default()));
}

#[test]
fn labels_and_expressions_are_both_read() {
    let budget = budget(Some(meta::LabelSelector {
        match_labels: entries(&[("app", "web")]),
        match_expressions: vec![
            requirement("tier", "In", &["front", "back"]),
            requirement("zone", "NotIn", &["north"]),
            requirement("app", "Exists", &[]),
            requirement("old", "DoesNotExist", &[]),
        ],
    }));
    let selector = budget.unwrap().selector.unwrap();
    assert_eq!(selector.labels, [("app", "web")].into_iter().collect());
    let expected = |key: &str, operator, values: &[&str]| Requirement {
        key: key.into(),
        operator,
        values: values.iter().map(|value| (*value).into()).collect(),
    };
    let requirements = [
        expected("tier", Operator::In, &["front", "back"]),
        expected("zone", Operator::NotIn, &["north"]),
        expected("app", Operator::Exists, &[]),
        expected("old", Operator::DoesNotExist, &[]),
    ];
    assert_eq!(*selector.requirements, requirements);
}

#[test]
fn what_is_not_understood_is_named() {
    let bad = || bytes::Bytes::from_static(b"\xff");
    let with = |requirement| {
        budget(Some(meta::LabelSelector { match_expressions: vec![requirement], ..Default::default() }))
    };
    for (requirement, error) in [
        (
            requirement("app", "Like", &[]),
            "spec.selector.matchExpressions.operator: \"Like\" is not understood",
        ),
        (requirement("app", "", &[]), "spec.selector.matchExpressions.operator: \"\" is not understood"),
        (
            LabelSelectorRequirement { key: bad(), ..requirement("", "In", &[]) },
            "spec.selector.matchExpressions.key: not UTF-8",
        ),
        (
            LabelSelectorRequirement { values: vec![bad()], ..requirement("app", "In", &[]) },
            "spec.selector.matchExpressions.values: not UTF-8",
        ),
    ] {
        assert_eq!(with(requirement).unwrap_err().to_string(), error);
    }
    let mut match_labels = entries(&[("app", "web")]);
    match_labels[0].value = bad();
    let error = budget(Some(meta::LabelSelector { match_labels, ..Default::default() })).unwrap_err();
    assert_eq!(error.to_string(), "spec.selector.matchLabels: not UTF-8");
}

/// Byte for byte after api/policy/v1/generated.proto, past the fields that are not read.
#[test]
fn the_bytes_are_those_of_the_api() {
    let metadata =
        [field(1, b"web"), field(3, b"shop"), field(5, UID.as_bytes()), field(6, b"42"), number(7, 3)];
    let label = [field(1, b"app"), field(2, b"web")].concat();
    let expression = [field(1, b"tier"), field(2, b"In"), field(3, b"front"), field(3, b"back")].concat();
    let selector = [field(1, &label), field(2, &expression)].concat();
    let spec =
        [field(1, &number(2, 1)), field(2, &selector), field(3, b""), field(4, b"AlwaysAllow")].concat();
    let status =
        [number(1, 3), field(2, b""), number(3, 1), number(4, 5), number(5, 4), number(6, 6)].concat();
    let bytes = [field(1, &metadata.concat()), field(2, &spec), field(3, &status)].concat();
    let Ok(Object::PodDisruptionBudget(budget)) =
        object::object(Kind::PodDisruptionBudget, bytes.clone().into())
    else {
        panic!("not read")
    };
    assert_eq!((budget.meta.generation, budget.observed_generation), (3, 3));
    assert_eq!((budget.disruptions_allowed, budget.desired_healthy), (1, 4));
    let selector = budget.selector.as_ref().unwrap();
    assert!(selector.matches(&[("app", "web"), ("tier", "back")].into_iter().collect()));
    assert!(!selector.matches(&[("app", "web"), ("tier", "side")].into_iter().collect()));
    read_damaged(Kind::PodDisruptionBudget, &bytes);
}
