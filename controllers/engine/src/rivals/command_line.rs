//! Whether a kube-controller-manager that was started with a command line runs a controller.

/// Of what cannot be understood it is assumed that it does: a shell's script, a value from the environment, quotes. Without the
/// flag all controllers run; with more than one, their lists are one after the other. The first mention of a controller wins
/// (upstream: `IsControllerEnabled` in k8s.io/controller-manager/app/helper.go, which `--controllers` of kube-controller-manager
/// goes through after older names were made canonical).
pub(super) fn runs(command_line: &[String], controller: &str, former_name: Option<&str>) -> bool {
    if command_line.iter().any(|word| word.contains(char::is_whitespace)) {
        return true;
    }
    let mut lists = Vec::new();
    let mut words = command_line.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix("--controllers") {
            Some("") => lists.push(words.next().map_or("", String::as_str)),
            Some(value) => lists.extend(value.strip_prefix('=')),
            None => {}
        }
    }
    if lists.is_empty() {
        return true;
    }
    let mut star = false;
    for entry in lists.iter().flat_map(|list| list.split(',')) {
        if entry.contains(['$', '"', '\'']) {
            return true;
        }
        let (name, on) = match entry.strip_prefix('-') {
            Some(name) => (name, false),
            None => (entry, true),
        };
        if name == controller || Some(name) == former_name {
            return on;
        }
        star |= entry == "*";
    }
    star
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn only_a_list_that_is_understood_and_leaves_the_controller_out_says_no() {
        for (command_line, expected) in [
            ("", true),
            ("kube-controller-manager --leader-elect=true", true),
            ("kube-controller-manager --controllers=*,bootstrapsigner,tokencleaner", true),
            ("kube-controller-manager --controllers=*,-replicationcontroller", false),
            ("kube-controller-manager --controllers=*,-replicationcontroller-controller", false),
            ("kube-controller-manager --controllers=-replicationcontroller,*", false),
            ("kube-controller-manager --controllers *,-replicationcontroller", false),
            ("kube-controller-manager --controllers replicationcontroller", true),
            ("kube-controller-manager --controllers=replicationcontroller,-replicationcontroller", true),
            (
                "kube-controller-manager --controllers=-replicationcontroller --controllers=replicationcontroller",
                false,
            ),
            ("kube-controller-manager --controllers=* --controllers=-replicationcontroller", false),
            ("kube-controller-manager --controllers=endpoints-controller,namespace", false),
            ("kube-controller-manager --controllers=", false),
            ("kube-controller-manager --controllers", false),
            ("kube-controller-manager --controllers-of-another-flag=x", true),
            ("kube-controller-manager --controllers=$(LIST)", true),
            ("kube-controller-manager --controllers=\"*,-replicationcontroller\"", true),
        ] {
            let words: Vec<String> = command_line.split_whitespace().map(str::to_owned).collect();
            let found = runs(&words, "replicationcontroller-controller", Some("replicationcontroller"));
            assert_eq!(found, expected, "{command_line}");
        }
    }

    #[test]
    fn names_that_begin_alike_are_told_apart() {
        let endpoints = [
            ("endpoints-controller", "endpoint"),
            ("endpointslice-controller", "endpointslice"),
            ("endpointslice-mirroring-controller", "endpointslicemirroring"),
        ];
        for (list, expected) in [
            ("*", [true, true, true]),
            ("*,-endpoint", [false, true, true]),
            ("*,-endpoints-controller", [false, true, true]),
            ("*,-endpointslice", [true, false, true]),
            ("*,-endpointslice-controller", [true, false, true]),
            ("*,-endpointslicemirroring", [true, true, false]),
            ("*,-endpointslice-mirroring-controller", [true, true, false]),
            ("*,-endpoint,-endpointslice,-endpointslicemirroring", [false, false, false]),
            ("*,-replicationcontroller", [true, true, true]),
            ("endpoint,endpointslicemirroring", [true, false, true]),
            // Names that kube-controller-manager does not know, so it would not start.
            ("*,-endpoints,-endpointslices,-endpointslice-mirroring", [true, true, true]),
        ] {
            let line = ["kube-controller-manager".to_owned(), format!("--controllers={list}")];
            let found = endpoints.map(|(name, former)| runs(&line, name, Some(former)));
            assert_eq!(found, expected, "{list}");
        }
    }

    #[test]
    fn of_a_script_it_is_assumed_that_it_runs_everything() {
        let script = ["sh", "-c", "exec kube-controller-manager --controllers=*,-replicationcontroller"];
        let words = script.map(str::to_owned);
        assert!(runs(&words, "replicationcontroller-controller", Some("replicationcontroller")));
    }
}
