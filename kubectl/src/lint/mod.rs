//! What a cluster would refuse in a file, without a cluster, and what is written there in vain.
//!
//! The schema and the rules are those of the definition that is installed (`crds/yaml`), the pods those that the controller would make. What a
//! cluster adds is not known here: policies, quotas, and other admission.

mod document;
mod metadata;
mod pods;
mod rules;
mod schema;

use mainstay_crds::SIDECAR_WORKLOADS_YAML;
use serde::Serialize;
use serde_json::Value;

use document::Node;
use schema::Breach;

/// How bad something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It would be refused, or all its pods.
    Error,
    /// It would be accepted, and is hardly what is meant.
    Warning,
}

/// Something about an object in a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// The file.
    pub file: String,
    /// The line in it.
    pub line: Option<u64>,
    /// The name of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The field.
    pub path: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub message: String,
}

/// What was found in all files.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Report {
    /// How many SidecarWorkloads there are.
    pub checked: usize,
    /// How many other objects there are, which are not looked at.
    pub skipped: usize,
    /// What is to be said of them.
    pub findings: Vec<Finding>,
}

/// Judges files by the definition.
pub struct Linter {
    schema: Value,
}

impl Linter {
    /// Reads the definition.
    pub fn new() -> Linter {
        let definition: Value = serde_saphyr::from_str(SIDECAR_WORKLOADS_YAML).unwrap_or_default();
        let schema =
            definition.pointer("/spec/versions/0/schema/openAPIV3Schema").cloned().unwrap_or_default();
        Linter { schema }
    }

    /// Looks at a file.
    pub fn file(&self, file: &str, text: &str, report: &mut Report) {
        let documents = match document::read(text) {
            Ok(documents) => documents,
            Err(error) => {
                report.findings.push(Finding {
                    file: file.to_owned(),
                    line: error.line,
                    name: None,
                    path: String::new(),
                    severity: Severity::Error,
                    message: error.message,
                });
                return;
            }
        };
        for document in &documents {
            self.document(file, document, report);
        }
    }

    /// A list is as many objects as it has.
    fn document(&self, file: &str, node: &Node, report: &mut Report) {
        let word =
            |field: &str| node.get(field).map(Node::value).and_then(|value| Some(value.as_str()?.to_owned()));
        let (version, kind) = (word("apiVersion").unwrap_or_default(), word("kind").unwrap_or_default());
        if kind == "List" || kind == "SidecarWorkloadList" {
            for item in node.get("items").map_or(&[][..], Node::items) {
                self.document(file, item, report);
            }
            return;
        }
        if kind != "SidecarWorkload" {
            report.skipped += 1;
            return;
        }
        report.checked += 1;
        let object = node.value();
        let name = object.pointer("/metadata/name").and_then(Value::as_str).map(str::to_owned);
        let mut findings: Vec<Finding> = self
            .object(&version, &object)
            .into_iter()
            .map(|(severity, path, message)| Finding {
                file: file.to_owned(),
                line: Some(node.line(&path)),
                name: name.clone(),
                path,
                severity,
                message,
            })
            .collect();
        findings.sort_by_key(|finding| (finding.line, finding.severity));
        report.findings.extend(findings);
    }

    fn object(&self, version: &str, object: &Value) -> Vec<(Severity, String, String)> {
        if version != "mainstay.dev/v1alpha1" {
            let message =
                format!("{version:?} is no version of SidecarWorkload: write mainstay.dev/v1alpha1");
            return vec![(Severity::Error, "apiVersion".to_owned(), message)];
        }
        let mut breaches = metadata::breaches(object);
        let status = object.get("status").filter(|status| !status.is_null());
        let mut own = object.clone();
        if let Some(fields) = own.as_object_mut() {
            fields.retain(|name, _| !["apiVersion", "kind", "metadata", "status"].contains(&name.as_str()));
        }
        let found = schema::breaches(&self.schema, &own, "");
        let is_sound = found.iter().all(|breach| breach.is_unknown_field);
        breaches.extend(found);
        let mut notes = Vec::new();
        if is_sound {
            let pruned = schema::pruned(&self.schema, &own);
            breaches.extend(rules::breaches(&self.schema, &pruned));
            if let Some(template) = pruned.pointer("/spec/template").and_then(Value::as_object) {
                notes = pods::notes(template);
            }
        }
        let errors =
            breaches.into_iter().map(|Breach { path, message, .. }| (Severity::Error, path, message));
        let notes = notes.into_iter().map(|note| (note.severity, note.path, note.message));
        let vain = status.map(|_| {
            let message = "the status is written by Mainstay: what is applied of it is ignored".to_owned();
            (Severity::Warning, "status".to_owned(), message)
        });
        errors.chain(notes).chain(vain).collect()
    }
}

impl Default for Linter {
    fn default() -> Linter {
        Linter::new()
    }
}

impl Report {
    /// Whether there is anything as bad as that.
    pub fn has(&self, severity: Severity) -> bool {
        self.findings.iter().any(|finding| finding.severity <= severity)
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            let line = finding.line.map_or_else(String::new, |line| format!("{line}:"));
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            let path = match finding.path.as_str() {
                "" => String::new(),
                path => format!("{path}: "),
            };
            text.push_str(&format!("{}:{line} {severity}: {path}{}\n", finding.file, finding.message));
        }
        let count = |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
        text.push_str(&format!(
            "SidecarWorkloads: {}, other objects, which are not looked at: {}, errors: {}, warnings: {}\n",
            self.checked,
            self.skipped,
            count(Severity::Error),
            count(Severity::Warning)
        ));
        text
    }
}
