//! What the values may be. The errors are words that follow the value: `"2x" has the unit ...`.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use http::Uri;
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;
use crate::config::duration as durations;

/// A duration within bounds.
pub fn duration(text: &str, range: &RangeInclusive<Duration>) -> Result<Duration, String> {
    let duration = durations::parse(text).map_err(|error| error.to_string())?;
    if !range.contains(&duration) {
        let (least, most) = (durations::show(*range.start()), durations::show(*range.end()));
        return Err(format!("is not within {least} and {most}"));
    }
    Ok(duration)
}

/// A Lease counts its duration in whole seconds.
pub fn lease_duration(text: &str) -> Result<Duration, String> {
    let duration = duration(text, &(Duration::from_secs(1)..=Duration::from_secs(3_600)))?;
    if duration.subsec_nanos() != 0 {
        return Err("is not a whole number of seconds, as a Lease needs it".to_owned());
    }
    Ok(duration)
}

/// A count within bounds.
pub fn number(text: &str, range: &RangeInclusive<usize>) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| format!("is not a whole number from {} to {}", range.start(), range.end()))
}

/// Yes or no, in the words that Go's flags take.
pub fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "True" | "TRUE" | "t" | "T" | "1" => Ok(true),
        "false" | "False" | "FALSE" | "f" | "F" | "0" => Ok(false),
        _ => Err("is neither true nor false".to_owned()),
    }
}

/// An address to listen on.
pub fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "is not an IP address and a port, like 0.0.0.0:8080, 127.0.0.1:8080 or [::]:8080".to_owned()
    })
}

/// The address of an apiserver.
pub fn server(text: &str) -> Result<String, String> {
    let wanted = || "is not an address like https://10.0.0.1:6443".to_owned();
    let uri: Uri = text.parse().map_err(|error| format!("{}: {error}", wanted()))?;
    let authority = uri.authority().ok_or_else(wanted)?;
    if !matches!(uri.scheme_str(), Some("https" | "http")) || uri.query().is_some() {
        return Err(wanted());
    }
    if authority.as_str().contains('@') {
        return Err("has credentials in it; they belong into a kubeconfig file".to_owned());
    }
    Ok(text.to_owned())
}

/// The name of a Lease: what Kubernetes calls a DNS subdomain.
pub fn object_name(text: &str) -> Result<String, String> {
    if text.len() <= 253 && text.split('.').all(is_label) {
        return Ok(text.to_owned());
    }
    Err("is no name of an object: lower-case letters, digits, - and ., at most 253 of them, with a letter or digit \
         first and last"
        .to_owned())
}

/// The name of the canary, which is the value of a label, too.
pub fn canary_name(text: &str) -> Result<String, String> {
    match object_name(text)? {
        name if name.len() <= 63 => Ok(name),
        _ => Err("is too long for the value of a label, which it is too: at most 63 characters".to_owned()),
    }
}

/// The name of a namespace: what Kubernetes calls a DNS label.
pub fn namespace(text: &str) -> Result<String, String> {
    if text.len() <= 63 && is_label(text) {
        return Ok(text.to_owned());
    }
    Err("is no name of a namespace: lower-case letters, digits and -, at most 63 of them, with a letter or digit first \
         and last"
        .to_owned())
}

fn is_label(text: &str) -> bool {
    let inside = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    !text.is_empty() && text.chars().all(inside) && !text.starts_with('-') && !text.ends_with('-')
}

/// How log lines are written.
pub fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("is no format of logs; the formats are text and json".to_owned()),
    }
}

/// A filter of log lines. A word alone must be a level: taken as the name of a module, as the filter's own syntax
/// has it, a misspelt level would mute everything else.
pub fn log_level(text: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let levels = LEVELS.join(", ");
    for directive in text.split(',') {
        let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level);
        if !LEVELS.contains(&level.to_ascii_lowercase().as_str()) {
            return Err(format!(
                "is no filter of logs, because of {level:?}; the levels are {levels}, and MODULE=LEVEL makes an exception"
            ));
        }
    }
    EnvFilter::builder().parse(text).map_err(|error| format!("is no filter of logs: {error}"))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line is a value, and a part of the error or nothing.
    fn check<T: std::fmt::Debug>(parse: impl Fn(&str) -> Result<T, String>, table: &[(&str, &str)]) {
        for (text, expected) in table {
            match parse(text) {
                Ok(value) => assert!(expected.is_empty(), "{text}: {value:?}"),
                Err(error) => assert!(!expected.is_empty() && error.contains(expected), "{text}: {error}"),
            }
        }
    }

    #[test]
    fn addresses_to_listen_on() {
        check(
            listen_address,
            &[
                ("0.0.0.0:8080", ""),
                ("[::]:8080", ""),
                ("127.0.0.1:0", ""),
                (":8080", "0.0.0.0:8080"),
                ("localhost:8080", "IP address"),
                ("0.0.0.0", "and a port"),
                ("0.0.0.0:99999", "and a port"),
                ("", "IP address"),
            ],
        );
    }

    #[test]
    fn addresses_of_apiservers() {
        check(
            server,
            &[
                ("https://10.0.0.1:6443", ""),
                ("https://kubernetes.default.svc", ""),
                ("https://[fd00::1]:6443", ""),
                ("http://127.0.0.1:8001/prefix", ""),
                ("10.0.0.1:6443", "https://10.0.0.1:6443"),
                ("kubernetes", "https://10.0.0.1:6443"),
                ("ftp://10.0.0.1", "https://10.0.0.1:6443"),
                ("https://", "https://10.0.0.1:6443"),
                ("https://a b", "https://10.0.0.1:6443"),
                ("https://host/?x=1", "https://10.0.0.1:6443"),
                ("https://user:password@host", "credentials"),
            ],
        );
    }

    #[test]
    fn names() {
        let long = "a".repeat(64);
        check(namespace, &[("mainstay-system", ""), ("a", ""), ("a.b", "no name"), (&long, "63")]);
        check(object_name, &[("mainstay", ""), ("a.b-c.9", ""), (&long, ""), ("a..b", "no name")]);
        for bad in ["-a", "a-", "A", "a_b", "a/b", ""] {
            check(namespace, &[(bad, "no name")]);
            check(object_name, &[(bad, "no name")]);
        }
    }

    #[test]
    fn filters_of_logs() {
        check(
            log_level,
            &[
                ("info", ""),
                ("DEBUG", ""),
                ("off", ""),
                ("info,mainstay_runtime=debug", ""),
                ("warn,mainstay_runtime::source=trace,hyper=off", ""),
                ("infoo", "the levels are off, error, warn, info, debug, trace"),
                ("info,mainstay_runtime", "mainstay_runtime"),
                ("mainstay_runtime=verbose", "verbose"),
                ("info,", "\"\""),
                ("", "\"\""),
                ("[=info", "no filter of logs"),
            ],
        );
        check(log_format, &[("text", ""), ("json", ""), ("yaml", "text and json"), ("", "text and json")]);
    }

    #[test]
    fn counts_switches_and_times() {
        check(|text| number(text, &(1..=10)), &[("1", ""), ("10", ""), ("0", "1 to 10"), ("11", "1 to 10")]);
        check(
            |text| number(text, &(1..=10)),
            &[("-1", "whole"), ("1.5", "whole"), ("", "whole"), ("x", "whole")],
        );
        check(switch, &[("true", ""), ("false", ""), ("1", ""), ("yes", "true"), ("", "true")]);
        check(lease_duration, &[("15s", ""), ("1m", ""), ("500ms", "within 1s"), ("1500ms", "whole number")]);
        let second = Duration::from_secs(1)..=Duration::from_secs(120);
        check(
            |text| duration(text, &second),
            &[("1s", ""), ("2m", ""), ("3m", "within 1s and 2m"), ("9", "unit")],
        );
    }
}
