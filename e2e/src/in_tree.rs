//! Which controllers kube-controller-manager runs beside Mainstay.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

/// The controllers of kube-controller-manager that Mainstay has too.
pub const CONTROLLERS_OF_MAINSTAY: &[&str] = &[
    "endpoints-controller",
    "endpointslice-controller",
    "endpointslice-mirroring-controller",
    "replicationcontroller-controller",
];

/// Those of them that are off in a fixture unless asked for: what [`MAINSTAY_ACTS`] switches on.
pub const OFF_BY_DEFAULT: &[&str] = &["replicationcontroller-controller"];

/// What Mainstay is told where it is to make pods at once, by `--controllers` or in the value of its chart: by itself it first sees for a
/// minute that nobody else acts. Services are left to the in-tree controllers.
pub const MAINSTAY_ACTS: &str = "replicationcontroller=on";

/// What Mainstay is told where all its controllers are to act at once. In a cluster it goes with [`InTree::without_ours`].
pub const MAINSTAY_DOES_ALL: &str =
    "endpoint=on,endpointslice=on,endpointslicemirroring=on,replicationcontroller=on";

/// What kubeadm switches on beside the default ones.
const KUBEADM: &str = "*,bootstrapsigner,tokencleaner";

/// The value of `--in-tree`.
///
/// With `none` kube-controller-manager does not run at all. Nobody makes the default ServiceAccounts of
/// namespaces then, and the apiserver refuses pods until somebody does; nobody takes the not-ready taint from new nodes,
/// and the scheduler leaves pods without a toleration pending until somebody does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum InTree {
    /// All but those that are [`OFF_BY_DEFAULT`].
    #[default]
    Default,
    /// All, those that Mainstay has included.
    All,
    /// None: kube-controller-manager does not run.
    None,
    /// A list in the syntax of `kube-controller-manager --controllers`.
    List(Vec<String>),
}

impl InTree {
    /// All but those that Mainstay has.
    pub fn without_ours() -> InTree {
        let off = CONTROLLERS_OF_MAINSTAY.iter().map(|name| format!("-{name}"));
        InTree::List(KUBEADM.split(',').map(str::to_owned).chain(off).collect())
    }

    /// Only those that Mainstay has.
    pub fn ours() -> InTree {
        InTree::List(CONTROLLERS_OF_MAINSTAY.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The value for `kube-controller-manager --controllers`; none when it is not to run.
    pub fn controllers_flag(&self) -> Option<String> {
        match self {
            InTree::Default => {
                let off = OFF_BY_DEFAULT.iter().map(|name| format!(",-{name}"));
                Some(format!("{KUBEADM}{}", off.collect::<String>()))
            }
            InTree::All => Some(KUBEADM.to_owned()),
            InTree::None => None,
            InTree::List(names) => Some(names.join(",")),
        }
    }

    /// Whether the controller `name`, one of those that are on by default, is to run.
    pub fn runs(&self, name: &str) -> bool {
        let Some(list) = self.controllers_flag() else { return false };
        // Upstream takes most names without their last word too.
        let short = name.strip_suffix("-controller").unwrap_or(name);
        // As upstream decides: the first item that names the controller wins, a star only when none does.
        for item in list.split(',') {
            let named = item.strip_prefix('-').unwrap_or(item);
            if named == name || named == short {
                return !item.starts_with('-');
            }
        }
        list.split(',').any(|item| item == "*")
    }
}

impl FromStr for InTree {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.trim() {
            "" => bail!("an empty list: say `none` for no controller at all"),
            "default" => Ok(InTree::Default),
            "all" => Ok(InTree::All),
            "none" => Ok(InTree::None),
            list => list.split(',').map(item).collect::<Result<_>>().map(InTree::List),
        }
    }
}

fn item(text: &str) -> Result<String> {
    let item = text.trim();
    let name = item.strip_prefix('-').unwrap_or(item);
    let well_formed = !name.is_empty()
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
        && !name.starts_with('-');
    if item == "*" || well_formed {
        return Ok(item.to_owned());
    }
    bail!("`{item}` is no item of a list of controllers: write `*`, `NAME` or `-NAME`")
}

impl fmt::Display for InTree {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InTree::Default => formatter.write_str("default"),
            InTree::All => formatter.write_str("all"),
            InTree::None => formatter.write_str("none"),
            InTree::List(names) => formatter.write_str(&names.join(",")),
        }
    }
}

impl From<InTree> for String {
    fn from(value: InTree) -> Self {
        value.to_string()
    }
}

impl TryFrom<String> for InTree {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> InTree {
        text.parse().unwrap()
    }

    #[test]
    fn words_and_lists_are_read_and_written_back() {
        for text in ["default", "all", "none", "*,-job-controller", "deployment-controller"] {
            assert_eq!(parse(text).to_string(), text);
        }
        assert_eq!(parse(" *, -job-controller ").to_string(), "*,-job-controller");
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["", "a,,b", "-*", "--a", "Job", "a b", "-"] {
            assert!(text.parse::<InTree>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_default_leaves_out_what_mainstay_does_by_default() {
        let flag = InTree::default().controllers_flag().unwrap();
        for name in OFF_BY_DEFAULT {
            assert!(flag.ends_with(&format!(",-{name}")), "{flag}");
            assert!(!InTree::default().runs(name));
        }
        assert!(InTree::default().runs("endpointslice-controller"));
        assert_eq!(InTree::None.controllers_flag(), None);
    }

    #[test]
    fn what_mainstay_has_can_be_left_out_or_run_alone() {
        for name in CONTROLLERS_OF_MAINSTAY {
            assert!(InTree::All.runs(name), "{name}");
            assert!(InTree::ours().runs(name), "{name}");
            assert!(!InTree::without_ours().runs(name), "{name}");
        }
        for name in ["serviceaccount-controller", "bootstrapsigner", "namespace-controller"] {
            assert!(InTree::without_ours().runs(name), "{name}");
            assert!(!InTree::ours().runs(name), "{name}");
        }
    }

    #[test]
    fn a_name_comes_before_the_star() {
        assert!(parse("*").runs("job-controller"));
        assert!(parse("job-controller").runs("job-controller"));
        assert!(!parse("*,-job-controller").runs("job-controller"));
        assert!(!parse("*,-job").runs("job-controller"));
        assert!(!parse("deployment-controller").runs("job-controller"));
    }
}
