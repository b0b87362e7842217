//! What can be said, and how a word may go on.

use std::ffi::OsStr;
use std::time::Duration;

use clap::{CommandFactory, Parser};
use expect_test::expect;
use mainstay_kubectl::command_line::Command;
use mainstay_kubectl::completion::{Ask, Completion};
use mainstay_kubectl::{CommandLine, StartedAs};

fn parse(words: &[&str]) -> Result<CommandLine, String> {
    let words = ["kubectl-mainstay"].iter().chain(words);
    CommandLine::try_parse_from(words).map_err(|error| error.to_string())
}

#[test]
fn the_command_line_is_sound() {
    CommandLine::command().debug_assert();
}

/// All that can be said, in the order of the help.
#[test]
fn the_commands_and_their_flags() {
    let mut root = CommandLine::command();
    root.build();
    let mut lines = Vec::new();
    let mut open = vec![&root];
    while let Some(command) = open.pop() {
        let words: Vec<String> = command
            .get_arguments()
            .filter(|arg| !arg.is_global_set() && arg.get_id() != "help")
            .map(|arg| arg.to_string())
            .collect();
        lines.push(format!("{}: {}", command.get_bin_name().unwrap_or_default(), words.join(" ")));
        let mut subcommands: Vec<_> = command.get_subcommands().collect();
        subcommands.reverse();
        open.extend(subcommands);
    }
    let globals: Vec<String> =
        root.get_arguments().filter(|arg| arg.is_global_set()).map(|arg| arg.to_string()).collect();
    lines.push(format!("everywhere: {}", globals.join(" ")));
    expect![[r#"
        kubectl mainstay: --version
        kubectl mainstay get: [NAME] --all-namespaces --output <FORMAT>
        kubectl mainstay status: <NAME> --watch --timeout <TIME> --output <FORMAT>
        kubectl mainstay history: <NAME> --revision <REVISION> --output <FORMAT>
        kubectl mainstay undo: <NAME> --to-revision <REVISION> --off --dry-run <WHERE> --output <FORMAT>
        kubectl mainstay pause: <NAME> --dry-run <WHERE> --output <FORMAT>
        kubectl mainstay resume: <NAME> --dry-run <WHERE> --output <FORMAT>
        kubectl mainstay restart: <NAME> --dry-run <WHERE> --output <FORMAT>
        kubectl mainstay retry: <NAME> --dry-run <WHERE> --output <FORMAT>
        kubectl mainstay set: 
        kubectl mainstay set image: <NAME> <CONTAINER=IMAGE>... --dry-run <WHERE> --output <FORMAT>
        kubectl mainstay lint: <FILE>... --strict --output <FORMAT>
        kubectl mainstay completion: <SHELL>
        everywhere: --namespace <NAMESPACE> --kubeconfig <FILE> --context <NAME> --cluster <NAME> --user <NAME> --as <USER> --as-group <GROUP> --request-timeout <TIME>"#]].assert_eq(&lines.join("\n"));
}

#[test]
fn the_help_of_status_has_the_exit_codes() {
    let mut root = CommandLine::command();
    root.build();
    let status = root.find_subcommand_mut("status").unwrap();
    let help = status.clone().term_width(100).render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    expect![[r#"
        Say how far a rollout is; the exit code says it, too

        Ends with 0 when all is done, 3 while it goes on, 4 when the revision has failed, 5 when it cannot
        go on for another reason, 6 when it was rolled back, 7 when it waits for you (it is paused, or
        rollout.type is OnDelete), 8 when it was not over within --timeout, 1 when it cannot be said, and 2
        for a wrong command line.

        Usage: kubectl mainstay status [OPTIONS] <NAME>

        Arguments:
          <NAME>
                  The SidecarWorkload

        Options:
          -w, --watch
                  Wait until it is over, whatever the end is

              --timeout <TIME>
                  How long to wait, like 30s or 10m; 0 is no limit

                  [default: 0]

          -o, --output <FORMAT>
                  In which form

                  Possible values:
                  - text: For people
                  - json: As JSON
                  - yaml: As YAML

                  [default: text]

          -h, --help
                  Print help (see a summary with '-h')

        Cluster:
          -n, --namespace <NAMESPACE>
                  The namespace; that of the context without it

              --kubeconfig <FILE>
                  The kubeconfig file

              --context <NAME>
                  The context of the kubeconfig

              --cluster <NAME>
                  The cluster of the kubeconfig

              --user <NAME>
                  The user of the kubeconfig

              --as <USER>
                  Ask as this user, which needs the right to impersonate

              --as-group <GROUP>
                  Ask as a member of this group; may be given again

              --request-timeout <TIME>
                  How long one request may take, like 1s, 2m or 3h; 0 is no limit

                  [default: 0]"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn names_times_and_places() {
    let name = |word: &str| match parse(&["status", word]).map(|line| line.command) {
        Ok(Command::Status { name, .. }) => Ok(name),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error),
    };
    for word in ["web", "scw/web", "sidecarworkload/web", "sidecarworkloads.mainstay.dev/web"] {
        assert_eq!(name(word).unwrap(), "web", "{word}");
    }
    for (word, says) in [
        ("pod/web", "another kind"),
        ("scw/", "empty"),
        ("..", "letters"),
        ("a?b", "letters"),
        ("scw/a/b", "letters"),
    ] {
        assert!(name(word).unwrap_err().contains(says), "{word}");
    }
    let timeout =
        |word: &str| match parse(&["status", "web", "-w", "--timeout", word]).map(|line| line.command) {
            Ok(Command::Status { timeout, .. }) => Ok(timeout.as_millis()),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        };
    for (word, millis) in [("0", 0), ("30", 30_000), ("500ms", 500), ("2m", 120_000), ("1h30m", 5_400_000)] {
        assert_eq!(timeout(word), Ok(millis), "{word}");
    }
    for word in ["soon", "-1s", ""] {
        assert!(timeout(word).is_err(), "{word}");
    }
    // Wherever they stand, flags of the cluster are the same.
    for words in
        [&["-n", "shop", "get", "web"][..], &["get", "web", "--namespace=shop"], &["get", "-n=shop", "web"]]
    {
        assert_eq!(parse(words).unwrap().connection.namespace.as_deref(), Some("shop"), "{words:?}");
    }
    assert_eq!(
        parse(&["get", "--request-timeout", "3s"]).unwrap().connection.request_timeout,
        Duration::from_secs(3)
    );
}

#[test]
fn what_goes_not_together_is_refused() {
    for (words, says) in [
        (&["undo", "web", "--off", "--to-revision", "1"][..], "cannot be used with"),
        (&["get", "web", "-A"], "cannot be used with"),
        (&["status", "web", "--timeout", "1s"], "--watch"),
        (&["set", "image", "web"], "CONTAINER=IMAGE"),
        (&["set", "image", "web", "logs"], "container=image"),
        (&["lint"], "FILE"),
        (&["get", "-o", "table"], "json"),
        (&["get", "--as-group", "x"], "--as"),
        (&["rollback", "web"], "unrecognized subcommand"),
    ] {
        let error = parse(words).unwrap_err();
        assert!(error.contains(says), "{words:?}: {error}");
    }
}

#[test]
fn a_program_is_known_by_the_name_of_its_file() {
    for (program, expected) in [
        ("/usr/local/bin/kubectl-mainstay", Some(StartedAs::Plugin)),
        ("kubectl-mainstay", Some(StartedAs::Plugin)),
        ("kubectl_complete-mainstay", Some(StartedAs::Completer)),
        ("/mainstay", None),
        ("kubectl-mainstay/mainstay", None),
        ("", None),
    ] {
        assert_eq!(StartedAs::of(Some(OsStr::new(program))), expected, "{program}");
    }
    assert_eq!(StartedAs::of(None), None);
}

#[test]
fn words_go_on() {
    let complete = |line: &str| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Completion::of(&words)
    };
    let words =
        |line: &str| -> Vec<String> { complete(line).candidates.into_iter().map(|(word, _)| word).collect() };
    assert_eq!(words("re"), ["resume", "restart", "retry"]);
    assert_eq!(words("set "), ["image"]);
    assert_eq!(words("status web --w"), ["--watch"]);
    assert_eq!(words("-n shop get -o "), ["text", "json", "yaml"]);
    assert_eq!(words("completion "), ["bash", "zsh", "fish"]);
    assert!(words("undo web --").contains(&"--namespace".to_owned()));
    for (line, ask) in [
        ("get ", Some(Ask::Workloads)),
        ("status w", Some(Ask::Workloads)),
        ("get web ", None),
        ("set image web ", Some(Ask::Containers("web".to_owned()))),
        ("set image web logs=logs:2 ", Some(Ask::Containers("web".to_owned()))),
        ("undo web --to-revision ", Some(Ask::Revisions("web".to_owned()))),
        ("history web --revision ", Some(Ask::Revisions("web".to_owned()))),
        ("get --context ", Some(Ask::Contexts)),
        ("get -n ", Some(Ask::Namespaces)),
        ("lint ", None),
    ] {
        assert_eq!(complete(line).ask, ask, "{line}");
    }
    assert!(complete("lint ").files && complete("lint a.yaml ").files && !complete("get ").files);
    let connection = complete("--context=other -n shop --kubeconfig file get ").connection;
    assert_eq!(connection.context.as_deref(), Some("other"));
    assert_eq!(connection.namespace.as_deref(), Some("shop"));
    assert_eq!(connection.kubeconfig.unwrap().to_str(), Some("file"));
}

#[test]
fn completion_is_told_as_kubectl_reads_it() {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let names = || vec!["logs".to_owned(), "proxy".to_owned()];
    assert_eq!(
        Completion::of(&words("paus")).with(Vec::new(), "paus").text(),
        "pause\tLet a rollout stand still\n:4\n"
    );
    assert_eq!(Completion::of(&words("set image web l")).with(names(), "l").text(), "logs=\n:6\n");
    assert_eq!(Completion::of(&words("lint ")).with(Vec::new(), "").text(), ":0\n");
    assert_eq!(Completion::of(&[]).text(), ":4\n");
}
