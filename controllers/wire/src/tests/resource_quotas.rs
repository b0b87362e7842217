use mainstay_model::{Kind, Name, Object};

use super::{UID, field, metadata, read, read_damaged, text};
use crate::convert::object;
use crate::protobuf::core::{Quantity, QuantityEntry, ResourceQuota, ResourceQuotaStatus};

fn entry(key: &str, amount: &str) -> QuantityEntry {
    QuantityEntry { key: text(key), value: Some(Quantity { text: text(amount) }) }
}

fn quota(status: Option<ResourceQuotaStatus>) -> mainstay_model::ResourceQuota {
    let message = ResourceQuota { metadata: Some(metadata()), status };
    let Ok(Object::ResourceQuota(quota)) = read(Kind::ResourceQuota, &message) else {
        panic!("not read: {message:?}")
    };
    (*quota).clone()
}

fn words(amounts: &[(Name, Name)]) -> Vec<String> {
    amounts.iter().map(|(resource, amount)| format!("{resource}={amount}")).collect()
}

#[test]
fn what_is_allowed_and_used_is_read_in_the_order_of_the_names_and_as_it_is_written() {
    let hard = vec![entry("pods", "3"), entry("count/pods", "9"), entry("limits.memory", "1Gi")];
    let used = vec![
        entry("pods", "3"),
        entry("pods", "2"),
        QuantityEntry { value: None, ..entry("count/pods", "") },
    ];
    let quota = quota(Some(ResourceQuotaStatus { hard, used }));
    assert_eq!(words(&quota.hard), ["count/pods=9", "limits.memory=1Gi", "pods=3"]);
    assert_eq!(words(&quota.used), ["count/pods=", "pods=2"]);
    assert_eq!(quota.hard("limits.memory").map(|amount| &**amount), Some("1Gi"));
    assert_eq!(quota.used("limits.memory"), None);
}

#[test]
fn a_quota_that_nobody_has_counted_yet_limits_nothing() {
    let quota = quota(None);
    assert_eq!((quota.hard.len(), quota.used.len()), (0, 0));
}

#[test]
fn an_amount_that_is_no_text_makes_the_quota_unreadable() {
    let bad = Quantity { text: b"\xff"[..].into() };
    let hard = vec![QuantityEntry { key: text("pods"), value: Some(bad) }];
    let status = ResourceQuotaStatus { hard, ..Default::default() };
    let error =
        read(Kind::ResourceQuota, &ResourceQuota { metadata: Some(metadata()), status: Some(status) });
    assert_eq!(error.unwrap_err().to_string(), "status.hard: not UTF-8");
}

/// Byte for byte after api/core/v1/generated.proto, past the messages that are declared here.
#[test]
fn the_bytes_are_those_of_the_api() {
    let quantity = |text: &str| field(1, text.as_bytes());
    let entry = |key: &str, amount: &str| [field(1, key.as_bytes()), field(2, &quantity(amount))].concat();
    let metadata = [field(1, b"few"), field(3, b"shop"), field(5, UID.as_bytes()), field(6, b"42")].concat();
    let spec = [field(1, &entry("pods", "9")), field(2, b"BestEffort")].concat();
    let status = [field(1, &entry("pods", "3")), field(2, &entry("pods", "2"))].concat();
    let bytes = [field(1, &metadata), field(2, &spec), field(3, &status)].concat();
    let Ok(Object::ResourceQuota(quota)) = object::object(Kind::ResourceQuota, bytes.clone().into()) else {
        panic!("not read")
    };
    assert_eq!(
        (words(&quota.hard), words(&quota.used)),
        (vec!["pods=3".to_owned()], vec!["pods=2".to_owned()])
    );
    assert_eq!(quota.meta.name.to_string(), "shop/few");
    read_damaged(Kind::ResourceQuota, &bytes);
}
