//! Services and pods of one family of addresses, of the other, and of both.

use serde_json::{Value, json};

use super::{a_new_namespace, at, come, pod, service, with};
use crate::differential::endpoints::step::{Action, Chapter, Until, the};
use crate::differential::subject::step;

const FOUR: &str = "10.9.5.1";
const SIX: &str = "fd00:9:5::1";
const OTHER_FOUR: &str = "10.9.5.2";
const OTHER_SIX: &str = "fd00:9:5::2";

/// Families of services, and addresses of pods.
pub fn families() -> Chapter {
    let of = |name: &str, policy: &str, families: Value| {
        let it = with(service(name), "/spec/selector", json!({"app": "web"}));
        with(with(it, "/spec/ipFamilyPolicy", json!(policy)), "/spec/ipFamilies", families)
    };
    let headless =
        with(of("headless", "RequireDualStack", json!(["IPv6", "IPv4"])), "/spec/clusterIP", json!("None"));
    let steps = vec![
        a_new_namespace(),
        step(
            "a service of both families comes, and one of each",
            [Action::Apply(vec![
                of("both", "RequireDualStack", json!(["IPv4", "IPv6"])),
                of("four", "SingleStack", json!(["IPv4"])),
                of("six", "SingleStack", json!(["IPv6"])),
            ])],
            [Until::Endpoints("both", 0)],
        ),
        step(
            "a pod of both families comes",
            come(&[(pod("web-1", "web", "north-1"), at("web-1", &[FOUR, SIX], true, 1))]),
            [Until::Endpoints("both", 2), Until::Endpoints("four", 1), Until::Endpoints("six", 1)],
        ),
        step(
            "a pod of one family comes",
            come(&[(pod("web-2", "web", "east-1"), at("web-2", &[OTHER_FOUR], true, 2))]),
            [Until::Endpoints("both", 3), Until::Endpoints("four", 2), Until::Endpoints("six", 1)],
        ),
        step(
            "it gets the other family, too",
            [Action::Status(vec![at("web-2", &[OTHER_FOUR, OTHER_SIX], true, 2)])],
            [Until::Endpoints("both", 4), Until::Endpoints("six", 2)],
        ),
        step(
            "a headless service of both comes, the other family first",
            [Action::Apply(vec![headless])],
            [Until::Endpoints("headless", 4)],
        ),
        step(
            "the service of both is of one from now on",
            [Action::Patch(
                the("service", "both"),
                json!({"spec": {"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"], "clusterIPs": null}}),
            )],
            [Until::Endpoints("both", 2)],
        ),
        step(
            "and of both again",
            [Action::Patch(
                the("service", "both"),
                json!({"spec": {"ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv4", "IPv6"]}}),
            )],
            [Until::Endpoints("both", 4)],
        ),
        step(
            "the first pod loses its second address and becomes unready",
            [Action::Status(vec![at("web-1", &[FOUR], false, 3)])],
            [Until::Endpoints("both", 3)],
        ),
    ];
    Chapter { name: "families", steps }
}
