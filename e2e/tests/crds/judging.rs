//! What is accepted, and what is refused in which words.

use anyhow::Result;
use mainstay_e2e::shell::run_command;
use mainstay_e2e::testbed::Namespace;
use serde_json::Value;

use crate::cases::cases;

fn create(namespace: &Namespace<'_>, object: &Value) -> Result<String> {
    let mut command = namespace.cluster().kubectl_command()?;
    command.args(["--namespace", namespace.name(), "create", "--dry-run=server", "--filename", "-"]);
    run_command(&mut command, Some(&object.to_string()))
}

pub fn what_is_in_order_is_accepted(namespace: &Namespace<'_>) -> Result<()> {
    for case in cases("accepted") {
        create(namespace, &case.object).unwrap_or_else(|error| panic!("{}: {error:#}", case.what));
    }
    Ok(())
}

pub fn what_is_wrong_is_refused_in_words_that_help(namespace: &Namespace<'_>) -> Result<()> {
    for case in cases("refused") {
        let what = &case.what;
        let Err(error) = create(namespace, &case.object) else { panic!("{what} is accepted") };
        let said = format!("{error:#}");
        for words in case.rule.iter().chain(&case.words) {
            assert!(said.contains(words.as_str()), "{what}: {words:?} is not in {said}");
        }
    }
    Ok(())
}
