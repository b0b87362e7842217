//! Lists of ports, which say nothing by their order: slices with the same ports hold the same group of endpoints.

use mainstay_model::{EndpointPort, Name};

/// A port with what the server fills in where it was left out.
type Port<'a> = (&'a str, Option<i32>, &'a str, Option<&'a Name>);

/// Whether both lists hold the same ports, in whatever order (upstream: `NewPortMapKey` in k8s.io/endpointslice/util).
pub(crate) fn are_same(left: &[EndpointPort], right: &[EndpointPort]) -> bool {
    left == right || (left.len() == right.len() && sorted(left) == sorted(right))
}

fn sorted(ports: &[EndpointPort]) -> Vec<Port<'_>> {
    let mut sorted: Vec<Port<'_>> = ports.iter().map(complete).collect();
    sorted.sort_unstable();
    sorted
}

fn complete(port: &EndpointPort) -> Port<'_> {
    let name = port.name.as_deref().unwrap_or_default();
    (name, port.port, port.protocol.as_deref().unwrap_or("TCP"), port.app_protocol.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: &str, number: i32, protocol: Option<&str>) -> EndpointPort {
        let protocol = protocol.map(Name::from);
        EndpointPort { name: Some(name.into()), port: Some(number), protocol, app_protocol: None }
    }

    #[test]
    fn order_and_defaults_do_not_matter_and_all_else_does() {
        let (http, dns) = (port("http", 80, Some("TCP")), port("dns", 53, Some("UDP")));
        let both = [http.clone(), dns.clone()];
        assert!(are_same(&both, &[dns, http.clone()]));
        assert!(!are_same(&both, &[http.clone(), http.clone()]));
        let [http, _] = both;
        let same = |other| are_same(&[other], std::slice::from_ref(&http));
        assert!(same(port("http", 80, None)));
        assert!(!same(port("http", 81, None)));
        assert!(!same(EndpointPort { app_protocol: Some("h2c".into()), ..port("http", 80, None) }));
        assert!(!are_same(&[], std::slice::from_ref(&http)) && are_same(&[], &[]));
    }
}
