//! Where values come from, and how problems are told.

use std::path::Path;

use super::*;
use crate::config::controller_names::{OWN, REPLICATION_CONTROLLER};
use crate::config::setting::Fallback;

/// A file of its own for each test, gone with it.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mainstay-config-{}-{name}.yaml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        File(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

fn surroundings(environment: &[(&str, &str)]) -> Surroundings {
    Surroundings {
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        namespace: Some("own-namespace".to_owned()),
        identity: "host_1".to_owned(),
        seed: 7,
    }
}

fn load_with(flags: &[(&'static str, &str)], environment: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    load(&flags, &surroundings(environment))
}

fn accepted(flags: &[(&'static str, &str)], environment: &[(&str, &str)]) -> Config {
    load_with(flags, environment).unwrap().config
}

/// The lines of the refusal between the first and the last.
fn problems(flags: &[(&'static str, &str)], environment: &[(&str, &str)]) -> Vec<String> {
    let text = load_with(flags, environment).unwrap_err().to_string();
    let lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    lines[1..lines.len() - 1].to_vec()
}

#[test]
fn without_any_setting_the_defaults_hold() {
    assert_eq!(
        accepted(&[], &[]),
        Config {
            kubeconfig: None,
            server: None,
            request_timeout: Duration::from_secs(60),
            controllers: ControllerList {
                modes: OWN
                    .iter()
                    .map(|name| {
                        let mode = if name.is_peerless() { Mode::On } else { Mode::Auto };
                        (name.canonical, mode)
                    })
                    .collect(),
                elsewhere: Vec::new(),
            },
            concurrent_writes: 512,
            replication_burst: 500,
            max_endpoints_per_slice: 100,
            mirroring_max_endpoints_per_subset: 1000,
            endpoint_updates_batch_period: Duration::ZERO,
            endpointslice_updates_batch_period: Duration::ZERO,
            mirroring_endpointslice_updates_batch_period: Duration::ZERO,
            retry_cap: Duration::from_secs(60),
            audit_interval: Duration::from_secs(240),
            canary: Some(ObjectName::new("own-namespace", "mainstay-canary")),
            leader_election: Some(LeaderElection {
                namespace: "own-namespace".to_owned(),
                name: "mainstay".to_owned(),
                identity: "host_1".to_owned(),
                times: ElectionSettings::default(),
            }),
            listen_address: "0.0.0.0:8080".parse().unwrap(),
            shutdown_timeout: Duration::from_secs(10),
            log_format: LogFormat::Text,
            log_level: "info".to_owned(),
            seed: 7,
        }
    );
}

#[test]
fn flags_win_over_the_environment_and_this_over_the_file() {
    let file = File::new("precedence", "retry-cap: 3s\n");
    let flag = ("retry-cap", "1s");
    let variable = ("MAINSTAY_RETRY_CAP", "2s");
    let path = ("config", file.path());
    for (flags, environment, seconds) in [
        (vec![path, flag], vec![variable], 1),
        (vec![path], vec![variable], 2),
        (vec![path], vec![], 3),
        (vec![flag], vec![variable], 1),
        (vec![], vec![variable], 2),
        (vec![], vec![], 60),
        (vec![], vec![("MAINSTAY_CONFIG", file.path())], 3),
        (vec![flag], vec![("MAINSTAY_CONFIG", file.path())], 1),
    ] {
        let config = accepted(&flags, &environment);
        assert_eq!(config.retry_cap, Duration::from_secs(seconds), "{flags:?} {environment:?}");
    }
}

#[test]
fn every_setting_is_taken_from_the_file_and_from_the_environment() {
    let text = "\
controllers: replicationcontroller=auto
canary-name: other-canary
kubeconfig: /tmp/kubeconfig
server: https://10.0.0.1:6443
concurrent-writes: 7
replication-burst: \"8\"
max-endpoints-per-slice: 9
mirroring-max-endpoints-per-subset: 10
endpoint-updates-batch-period: 1s
endpointslice-updates-batch-period: 2s
mirroring-endpointslice-updates-batch-period: 3s
retry-cap: 1m30s
request-timeout: 5s
audit-interval: 10m
shutdown-timeout: 0s
listen-address: '[::]:9090'
leader-elect: true
leader-elect-lease-duration: 30s
leader-elect-renew-deadline: 20s
leader-elect-retry-period: 500ms
leader-elect-resource-name: other
leader-elect-resource-namespace: elsewhere
log-format: json
log-level: warn
";
    let file = File::new("all", text);
    let from_file = accepted(&[("config", file.path())], &[]);
    let given: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(key, value)| {
            let variable = format!("MAINSTAY_{}", key.to_uppercase().replace('-', "_"));
            (variable, value.trim_matches(['"', '\'']).to_owned())
        })
        .collect();
    assert_eq!(given.len(), setting::ALL.len() - 1, "all settings but the name of the file");
    let environment: Vec<(&str, &str)> = given.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(from_file, accepted(&[], &environment));
    assert_eq!(from_file.kubeconfig.as_deref(), Some(Path::new("/tmp/kubeconfig")));
    assert_eq!((from_file.concurrent_writes, from_file.replication_burst), (7, 8));
    let most = (from_file.max_endpoints_per_slice, from_file.mirroring_max_endpoints_per_subset);
    assert_eq!(most, (9, 10));
    let periods = [
        from_file.endpoint_updates_batch_period,
        from_file.endpointslice_updates_batch_period,
        from_file.mirroring_endpointslice_updates_batch_period,
    ];
    assert_eq!(periods, [1, 2, 3].map(Duration::from_secs));
    assert_eq!(from_file.canary, Some(ObjectName::new("elsewhere", "other-canary")));
    assert_eq!(from_file.leader_election.unwrap().namespace, "elsewhere");
    assert_eq!(from_file.controllers.modes[REPLICATION_CONTROLLER], Mode::Auto);
}

#[test]
fn an_optional_setting_given_as_nothing_counts_as_left_out() {
    let file = File::new("nothing", "kubeconfig: /tmp/kubeconfig\n");
    let config = accepted(&[("config", file.path()), ("kubeconfig", "")], &[("MAINSTAY_SERVER", "")]);
    assert_eq!((config.kubeconfig, config.server), (None, None));
    assert_eq!(accepted(&[("config", "")], &[]).retry_cap, Duration::from_secs(60));
}

#[test]
fn all_problems_are_told_at_once_with_where_they_are() {
    let file = File::new(
        "problems",
        "retry-capp: 2m\nretry-cap: 2 minutes\nlog-format:\nlisten-address: localhost:8080\nconfig: x\n",
    );
    let path = file.path();
    let found = problems(
        &[("config", path), ("controllers", "*,foo"), ("leader-elect-lease-duration", "5s")],
        &[
            ("MAINSTAY_REQUEST_TIMEOUT", "15"),
            ("MAINSTAY_CONCURRENT_WRITES", "0"),
            ("MAINSTAY_RETRY_CAP", "1s"),
        ],
    );
    for expected in [
        format!("{path}, line 1: unknown key \"retry-capp\"; the keys are: kubeconfig, server,"),
        format!("{path}, line 5: unknown key \"config\""),
        format!("{path}, line 2, key retry-cap: \"2 minutes\" has the unit \" minutes\""),
        format!("{path}, line 3, key log-format: \"\" is no value"),
        format!("{path}, line 4, key listen-address: \"localhost:8080\" is not an IP address"),
        "flag --controllers: \"*,foo\" names \"foo\", which is no controller; valid are *".to_owned(),
        "environment variable MAINSTAY_REQUEST_TIMEOUT: \"15\" has no unit after 15".to_owned(),
        "environment variable MAINSTAY_CONCURRENT_WRITES: \"0\" is not a whole number from 1".to_owned(),
        "--leader-elect-lease-duration (5s) must be longer than --leader-elect-renew-deadline (10s)"
            .to_owned(),
    ] {
        assert!(
            found.iter().any(|problem| problem.starts_with(&expected)),
            "{expected}\nis not in\n{found:#?}"
        );
    }
    assert_eq!(found.len(), 9, "{found:#?}");
}

#[test]
fn files_that_cannot_be_used_are_refused_with_the_other_problems() {
    let found = problems(&[("config", "/nowhere/mainstay.yaml"), ("retry-cap", "x")], &[]);
    assert_eq!(found.len(), 2);
    assert!(
        found[0].starts_with("flag --config: cannot read /nowhere/mainstay.yaml: No such file"),
        "{found:?}"
    );
    for (name, text, expected) in [
        ("list", "- retry-cap\n", "expected mapping"),
        ("twice", "retry-cap: 1s\nretry-cap: 2s\n", "duplicate mapping key"),
        ("nested", "leader-election:\n  enabled: true\n", "line 2"),
        ("star", "controllers: *\n", "line 1"),
    ] {
        let file = File::new(name, text);
        let found = problems(&[("config", file.path())], &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with(file.path()) && found[0].contains(expected), "{found:?}");
    }
    let empty = File::new("empty", "");
    assert_eq!(accepted(&[("config", empty.path())], &[]), accepted(&[], &[]));
}

#[test]
fn the_times_of_the_lease_must_fit() {
    let times = |lease: &'static str, renew: &'static str, retry: &'static str| {
        vec![
            ("leader-elect-lease-duration", lease),
            ("leader-elect-renew-deadline", renew),
            ("leader-elect-retry-period", retry),
        ]
    };
    for (lease, renew, retry, count) in [
        ("15s", "10s", "2s", 0),
        ("10s", "10s", "2s", 1),
        ("15s", "12s", "10s", 1),
        ("15s", "12.1s", "10s", 0),
        ("1s", "2s", "2s", 1),
    ] {
        let flags = times(lease, renew, retry);
        let found = load_with(&flags, &[]).map_or_else(|error| error.0.len(), |_| 0);
        assert_eq!(found, count, "{flags:?}");
    }
    let mut off = times("10s", "10s", "2s");
    off.push(("leader-elect", "false"));
    assert_eq!(accepted(&off, &[]).leader_election, None);
}

#[test]
fn limits_of_slices_are_those_of_the_api() {
    for name in ["max-endpoints-per-slice", "mirroring-max-endpoints-per-subset"] {
        for value in ["0", "1001", "-1", "many"] {
            let found = problems(&[(name, value)], &[]);
            assert_eq!(
                found,
                [format!("flag --{name}: {value:?} is not a whole number from 1 to 1000")],
                "{name}"
            );
        }
        for value in ["1", "1000"] {
            assert!(load_with(&[(name, value)], &[]).is_ok(), "{name}: {value}");
        }
    }
}

#[test]
fn outside_a_pod_the_namespace_of_the_lease_must_be_given() {
    let outside = Surroundings { namespace: None, ..surroundings(&[]) };
    let flags = |flags: &[(&'static str, &str)]| flags.iter().map(|(n, v)| (*n, (*v).to_owned())).collect();
    let error = load(&flags(&[]), &outside).unwrap_err().to_string();
    assert!(error.contains("leader-elect-resource-namespace: outside a pod"), "{error}");
    let alone = [("leader-elect", "false")];
    let error = load(&flags(&alone), &outside).unwrap_err().to_string();
    assert!(error.contains("the canary") && error.contains("--controllers=replicationcontroller"), "{error}");
    let on = [alone[0], ("controllers", "replicationcontroller")];
    assert_eq!(load(&flags(&on), &outside).unwrap().config.canary, None);
    let given = load(&flags(&[("leader-elect-resource-namespace", "given")]), &outside).unwrap();
    assert_eq!(given.config.leader_election.unwrap().namespace, "given");
}

#[test]
fn credentials_are_not_repeated() {
    let found = problems(&[("server", "https://user:password@host")], &[]);
    assert!(found[0].contains("https://...@host") && !found[0].contains("password"), "{found:?}");
}

#[test]
fn what_may_be_a_mistake_is_a_warning() {
    let warnings = |flags: &[(&'static str, &str)], environment: &[(&str, &str)]| {
        load_with(flags, environment).unwrap().warnings
    };
    assert!(warnings(&[], &[("PATH", "/bin"), ("MAINSTAY_RETRY_CAP", "1s")]).is_empty());
    let service = [
        ("MAINSTAY_METRICS_SERVICE_HOST", "10.96.0.7"),
        ("MAINSTAY_METRICS_SERVICE_PORT_METRICS", "8080"),
        ("MAINSTAY_METRICS_PORT", "tcp://10.96.0.7:8080"),
        ("MAINSTAY_METRICS_PORT_8080_TCP_ADDR", "10.96.0.7"),
    ];
    assert!(warnings(&[], &service).is_empty());
    let unknown = warnings(&[], &[("MAINSTAY_RETRY_CAPP", "1s")]);
    assert!(unknown[0].contains("MAINSTAY_RETRY_CAPP is no setting"), "{unknown:?}");
    assert!(unknown[0].contains("MAINSTAY_RETRY_CAP,"), "{unknown:?}");
    let pasted = warnings(&[("controllers", "*,tokencleaner,-podgc")], &[]);
    assert_eq!(pasted.len(), 1);
    assert!(pasted[0].contains("tokencleaner, -podgc"), "{pasted:?}");
    let none = warnings(&[("controllers", "-replicationcontroller")], &[]);
    assert_eq!(none, ["no controller is switched on: nothing will be written"]);
}

#[test]
fn defaults_are_values_that_are_accepted() {
    let loaded = load_with(&[], &[]).unwrap();
    assert!(loaded.warnings.is_empty());
    for setting in &setting::ALL {
        if let Fallback::Value(value) = setting.default {
            assert_eq!(accepted(&[(setting.name, value)], &[]), loaded.config, "{}", setting.name);
        }
    }
}
