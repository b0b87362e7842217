//! PodDisruptionBudgets.

use mainstay_model::{Kind, LabelSelector, Operator, PodDisruptionBudget, Requirement};

use crate::convert::metadata::{self, lossy};
use crate::error::DecodeError;
use crate::protobuf::meta::{self, ObjectMeta};
use crate::protobuf::policy as messages;

/// Reads a PodDisruptionBudget.
pub(crate) fn pod_disruption_budget(
    message: &messages::PodDisruptionBudget,
) -> Result<PodDisruptionBudget, DecodeError> {
    let absent_metadata = ObjectMeta::default();
    let absent_status = messages::PodDisruptionBudgetStatus::default();
    let status = message.status.as_ref().unwrap_or(&absent_status);
    let selector = message.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    Ok(PodDisruptionBudget {
        meta: metadata::meta(
            Kind::PodDisruptionBudget,
            message.metadata.as_ref().unwrap_or(&absent_metadata),
        )?,
        selector: selector.map(label_selector).transpose()?,
        disruptions_allowed: status.disruptions_allowed,
        desired_healthy: status.desired_healthy,
        observed_generation: status.observed_generation,
    })
}

fn label_selector(message: &meta::LabelSelector) -> Result<LabelSelector, DecodeError> {
    Ok(LabelSelector {
        labels: metadata::map("spec.selector.matchLabels", &message.match_labels)?,
        requirements: message.match_expressions.iter().map(requirement).collect::<Result<_, _>>()?,
    })
}

fn requirement(message: &meta::LabelSelectorRequirement) -> Result<Requirement, DecodeError> {
    Ok(Requirement {
        key: metadata::text("spec.selector.matchExpressions.key", &message.key)?.into(),
        operator: operator(&message.operator)?,
        values: metadata::names("spec.selector.matchExpressions.values", &message.values)?,
    })
}

/// A selector that is not understood might protect any pod, so it is not guessed at.
fn operator(text: &[u8]) -> Result<Operator, DecodeError> {
    match text {
        b"In" => Ok(Operator::In),
        b"NotIn" => Ok(Operator::NotIn),
        b"Exists" => Ok(Operator::Exists),
        b"DoesNotExist" => Ok(Operator::DoesNotExist),
        other => Err(DecodeError::Invalid {
            field: "spec.selector.matchExpressions.operator",
            message: format!("{:?} is not understood", lossy(other)),
        }),
    }
}
