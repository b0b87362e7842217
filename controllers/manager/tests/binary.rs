//! The built binary, from the outside: what it refuses, in which words and with which exit code.

#![allow(clippy::disallowed_methods, reason = "tests wait on real clocks")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn mainstay(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mainstay"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

#[track_caller]
fn refused(arguments: &[&str], environment: &[(&str, &str)], words: &[&str]) {
    let output = mainstay(arguments, environment);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty());
    for word in words {
        assert!(said.contains(word), "{word} is not in:\n{said}");
    }
}

#[test]
fn a_bad_configuration_is_refused_with_all_that_is_wrong() {
    let path = std::env::temp_dir().join(format!("mainstay-binary-{}.yaml", std::process::id()));
    std::fs::write(&path, "concurrent-writes: many\nconcurrent-reads: 3\n").unwrap();
    let file = path.to_str().unwrap();
    refused(
        &["manager", "--config", file, "--controllers=*,nodes"],
        &[("MAINSTAY_RETRY_CAP", "soon"), ("POD_NAMESPACE", "mainstay-system")],
        &[
            "the configuration is refused:",
            &format!("{file}, line 1, key concurrent-writes: \"many\" is not a whole number"),
            &format!("{file}, line 2: unknown key \"concurrent-reads\"; the keys are: kubeconfig"),
            "flag --controllers: \"*,nodes\" names \"nodes\"",
            "replicationcontroller-controller (or replicationcontroller)",
            "environment variable MAINSTAY_RETRY_CAP: \"soon\"",
            "mainstay manager --help",
        ],
    );
    std::fs::remove_file(path).unwrap();
}

#[test]
fn unknown_flags_are_refused_with_the_valid_ones() {
    refused(&["manager", "--retry-capp=1s"], &[], &["--retry-capp", "--retry-cap,", "--log-level"]);
    refused(&["manager", "word"], &[], &["word"]);
    refused(&["manage"], &[], &["manage"]);
    refused(&[], &[], &["manager", "probe", "version"]);
    refused(&["probe", "http://127.0.0.1:1/", "--timeout=soon"], &[], &["500ms"]);
}

#[test]
fn help_and_version_are_told() {
    let help = String::from_utf8(mainstay(&["manager", "--help"], &[]).stdout).unwrap();
    for word in
        ["--retry-cap <DURATION>", "[default: 1m]", "[env: MAINSTAY_RETRY_CAP]", "[upstream: no twin]"]
    {
        assert!(help.contains(word), "{word} is not in:\n{help}");
    }
    let version = format!("mainstay {}\n", env!("CARGO_PKG_VERSION"));
    for arguments in [["version"], ["--version"]] {
        let output = mainstay(&arguments, &[]);
        assert_eq!(
            (output.status.code(), String::from_utf8(output.stdout).unwrap()),
            (Some(0), version.clone())
        );
    }
}

/// kubectl finds its plugin by the name of a file, which is a link to the program.
#[cfg(feature = "kubectl")]
#[test]
fn under_the_name_of_the_plugin_it_is_the_plugin() {
    let folder = std::env::temp_dir().join(format!("mainstay-plugin-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let run = |name: &str, words: &[&str]| {
        let link = folder.join(name);
        if !link.exists() {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mainstay"), &link).unwrap();
        }
        let output = Command::new(link).args(words).env_clear().output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), text)
    };
    let file = folder.join("web.yaml");
    let good = "{apiVersion: mainstay.dev/v1alpha1, kind: SidecarWorkload, metadata: {name: web}, \
                spec: {template: {main: {name: app, image: 'app:1'}}}}";
    std::fs::write(&file, good).unwrap();
    let file = file.to_str().unwrap();
    for (words, code, says) in [
        (&["--help"][..], 0, "Usage: kubectl mainstay"),
        (&["--version"], 0, env!("CARGO_PKG_VERSION")),
        (&["get", "--kubeconfig", "/nowhere/config"], 1, "/nowhere/config"),
        (&["get", "--nmespace", "x"], 2, "--namespace"),
        (&["lint", file], 0, "errors: 0, warnings: 0"),
        (&["lint", "/nowhere/web.yaml"], 1, "cannot read /nowhere/web.yaml"),
    ] {
        let plugin = run("kubectl-mainstay", words);
        assert!(plugin.0 == code && plugin.1.contains(says), "{words:?}: {plugin:?}");
        assert!(!plugin.1.contains("--leader-elect"), "the flags of the manager: {plugin:?}");
        // Without kubectl it is a word of the program.
        let word = run("mainstay", &[&["kubectl"], words].concat());
        if words != ["--version"] && words != ["--help"] {
            assert!(word.0 == code && word.1.contains(says), "{words:?}: {word:?}");
        }
    }
    std::fs::write(file, good.replace("app:1", "")).unwrap();
    assert_eq!(run("kubectl-mainstay", &["lint", file]).0, 1);
    assert_eq!(
        run("kubectl_complete-mainstay", &["pau"]),
        (0, "pause\tLet a rollout stand still\n:4\n".to_owned())
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_probe_ends_as_the_answer_is() {
    for (answer, code, said) in [
        ("HTTP/1.0 200 OK\r\n\r\nready\n", 0, "ready\n"),
        ("HTTP/1.0 500 Internal Server Error\r\n\r\n[-]pods not synced\n", 1, "[-]pods not synced\n"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/readyz?verbose", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            // Closing with the request unread would take the answer away again.
            std::io::Read::read(&mut stream, &mut [0; 1024]).unwrap();
        });
        let output = mainstay(&["probe", &url], &[]);
        server.join().unwrap();
        assert_eq!(output.status.code(), Some(code));
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(text.ends_with(said), "{text}");
    }
    let output = mainstay(&["probe", "http://127.0.0.1:1/", "--timeout", "1s"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("cannot connect to 127.0.0.1:1"));
}

/// No apiserver answers here: the manager says so, goes on trying, and ends in peace when it is asked to.
#[test]
fn a_signal_ends_the_manager_in_peace() {
    for signal in ["-TERM", "-INT"] {
        // The port is free again when this line ends; nobody else takes it that soon.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut manager = Command::new(env!("CARGO_BIN_EXE_mainstay"))
            .args(["manager", "--server=http://127.0.0.1:1", "--leader-elect=false", "--log-format=json"])
            .args(["--controllers=replicationcontroller", "--listen-address", &address])
            .env_clear()
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let probe = |path: &str| mainstay(&["probe", &format!("http://{address}{path}")], &[]);
        let deadline = Instant::now() + Duration::from_secs(30);
        while probe("/healthz").status.code() != Some(0) {
            assert!(manager.try_wait().unwrap().is_none() && Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(20));
        }
        // Healthy from the start; what its controllers do is known once the brain has reported for the first time.
        let unready = loop {
            let unready = probe("/readyz?verbose");
            assert_eq!(unready.status.code(), Some(1));
            let text = String::from_utf8(unready.stderr).unwrap();
            if text.contains("controller/replicationcontroller-controller") || Instant::now() >= deadline {
                break text;
            }
            std::thread::sleep(Duration::from_millis(20));
        };

        let sent = Command::new("kill").args([signal, &manager.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let output = manager.wait_with_output().unwrap();
        assert!(unready.contains("controller/replicationcontroller-controller"), "{unready}");
        assert_eq!(output.status.code(), Some(0));
        let logs = String::from_utf8(output.stderr).unwrap();
        assert!(logs.lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{logs}");
        assert!(logs.contains("\"message\":\"asked to stop\""), "{logs}");
    }
}

#[test]
fn a_start_that_fails_ends_with_one() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (arguments, said) in [
        (vec!["--listen-address=127.0.0.1:0", "--kubeconfig=/nowhere/config"], "/nowhere/config"),
        (vec!["--listen-address=127.0.0.1:0"], "no kubeconfig is given"),
        (vec!["--server=http://127.0.0.1:1", "--listen-address", &address], "cannot listen on 127.0.0.1:"),
    ] {
        let alone = vec!["manager", "--leader-elect=false", "--controllers=replicationcontroller"];
        let output = mainstay(&[alone, arguments].concat(), &[]);
        let logs = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{logs}");
        assert!(logs.contains(said), "{logs}");
    }
}
