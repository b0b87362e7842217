//! Templates of SidecarWorkloads, as the store has them: JSON with sorted keys.

use std::time::Duration;

use bytes::Bytes;
use mainstay_model::Name;
use serde_json::{Map, Value, json};

use crate::kubelet::PROBE_TRIES;

/// How often a startup probe is tried.
const PROBE_PERIOD: Duration = Duration::from_secs(10);
/// The name of the main container.
pub const MAIN: &str = "main";
/// The name of the init step.
pub const MIGRATE: &str = "migrate";
/// The names of the sidecars.
pub const SIDECARS: [&str; 2] = ["proxy", "logs"];

/// What a template is like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplateShape {
    /// The image of main.
    pub main: Name,
    /// The image of the init step, if there is one.
    pub migrate: Option<Name>,
    /// The sidecars.
    pub sidecars: Vec<SidecarShape>,
}

/// What a sidecar is like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SidecarShape {
    /// The container's name.
    pub name: &'static str,
    /// The image.
    pub image: Name,
    /// Whether it starts after the init steps.
    pub after_init: bool,
    /// Whether its pod is taken out of its services before it is replaced.
    pub drain: bool,
    /// Whether its pod has to be made anew for another image.
    pub recreate: bool,
}

impl TemplateShape {
    /// The template.
    pub fn json(&self) -> Bytes {
        let init: Vec<Value> =
            self.migrate.iter().map(|image| json!({"image": &**image, "name": MIGRATE})).collect();
        let sidecars: Vec<Value> = self.sidecars.iter().map(SidecarShape::json).collect();
        let mut template =
            json!({"main": {"image": &*self.main, "name": MAIN, "startupProbe": startup_probe()}});
        let lists = [("init", init), ("sidecars", sidecars)].into_iter().filter(|(_, list)| !list.is_empty());
        if let Value::Object(fields) = &mut template {
            fields.extend(lists.map(|(field, list)| (field.to_owned(), Value::Array(list))));
        }
        written(&template)
    }
}

impl SidecarShape {
    fn json(&self) -> Value {
        let mut policy = Map::new();
        for (field, value) in [
            ("drain", self.drain.then_some(Value::Bool(true))),
            ("start", self.after_init.then(|| "AfterInit".into())),
            ("update", self.recreate.then(|| "Recreate".into())),
        ] {
            policy.extend(value.map(|value| (field.to_owned(), value)));
        }
        let mut sidecar = json!({"image": &*self.image, "name": self.name, "startupProbe": startup_probe()});
        if let (Value::Object(fields), false) = (&mut sidecar, policy.is_empty()) {
            fields.insert("policy".to_owned(), Value::Object(policy));
        }
        sidecar
    }
}

/// It fails when the kubelets of this world say that it does.
fn startup_probe() -> Value {
    let tries = PROBE_TRIES.as_secs() / PROBE_PERIOD.as_secs();
    json!({"failureThreshold": tries, "periodSeconds": PROBE_PERIOD.as_secs(), "tcpSocket": {"port": 80}})
}

/// The image of the main container; empty where there is none.
pub fn main_image(template: &[u8]) -> Name {
    let image = read(template).pointer("/main/image").and_then(Value::as_str).map(Name::from);
    image.unwrap_or_default()
}

/// The template with another image of a container, if it has that one.
pub fn with_image(template: &[u8], container: &str, image: &str) -> Bytes {
    edited(template, |template| {
        let lists = ["init", "sidecars"].map(|field| template.get(field).and_then(Value::as_array).cloned());
        let place = |(field, list): (&str, Option<Vec<Value>>)| {
            let at = list?.iter().position(|found| found.get("name") == Some(&json!(container)))?;
            Some(format!("/{field}/{at}/image"))
        };
        let places = ["init", "sidecars"].into_iter().zip(lists).find_map(place);
        let place = if container == MAIN { Some("/main/image".to_owned()) } else { places };
        if let Some(found) = place.and_then(|place| template.pointer_mut(&place)) {
            *found = json!(image);
        }
    })
}

/// The template with another value in the environment of main.
pub fn with_env(template: &[u8], value: u64) -> Bytes {
    edited(template, |template| {
        if let Some(Value::Object(main)) = template.get_mut("main") {
            main.insert("env".to_owned(), json!([{"name": "SETTING", "value": value.to_string()}]));
        }
    })
}

/// The template with another label.
pub fn with_label(template: &[u8], value: u64) -> Bytes {
    edited(template, |template| {
        if let Value::Object(fields) = template {
            fields.insert("metadata".to_owned(), json!({"labels": {"team": value.to_string()}}));
        }
    })
}

fn edited(template: &[u8], edit: impl FnOnce(&mut Value)) -> Bytes {
    let mut template = read(template);
    edit(&mut template);
    written(&template)
}

fn read(template: &[u8]) -> Value {
    serde_json::from_slice(template).unwrap_or_default()
}

/// As an apiserver's object comes to the store: the keys are sorted, whatever order this program was built to keep.
fn written(template: &Value) -> Bytes {
    let mut sorted = template.clone();
    sorted.sort_all_objects();
    sorted.to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> TemplateShape {
        let sidecar = |name, drain| SidecarShape {
            name,
            image: "side:1".into(),
            after_init: drain,
            drain,
            recreate: false,
        };
        TemplateShape {
            main: "app:1".into(),
            migrate: Some("migrate:1".into()),
            sidecars: vec![sidecar("proxy", false), sidecar("logs", true)],
        }
    }

    const PROBE: &str = r#""startupProbe":{"failureThreshold":6,"periodSeconds":10,"tcpSocket":{"port":80}}"#;

    #[test]
    fn keys_are_sorted_and_what_is_not_asked_for_is_left_out() {
        let plain = TemplateShape { migrate: None, sidecars: Vec::new(), ..shape() };
        let wanted = format!(r#"{{"main":{{"image":"app:1","name":"main",{PROBE}}}}}"#);
        assert_eq!(String::from_utf8_lossy(&plain.json()), wanted);
        let json = shape().json();
        let template = read(&json);
        assert_eq!(template.pointer("/init/0/image"), Some(&json!("migrate:1")));
        assert_eq!(template.pointer("/sidecars/0/policy"), None);
        let policy = json!({"drain": true, "start": "AfterInit"});
        assert_eq!(template.pointer("/sidecars/1/policy"), Some(&policy));
    }

    #[test]
    fn an_edit_changes_what_it_names() {
        let json = shape().json();
        let edited = with_image(&with_image(&json, "logs", "logs:2"), MAIN, "app:2");
        assert_eq!(&*main_image(&edited), "app:2");
        let edited = read(&with_label(&with_env(&edited, 7), 8));
        assert_eq!(edited.pointer("/main/env/0/value"), Some(&json!("7")));
        assert_eq!(edited.pointer("/metadata/labels/team"), Some(&json!("8")));
        assert_eq!(edited.pointer("/sidecars/0/image"), Some(&json!("side:1")));
        assert_eq!(edited.pointer("/sidecars/1/image"), Some(&json!("logs:2")));
        assert_eq!(with_image(&json, "nobody", "x"), json);
    }
}
