//! What happens on nodes, held against what is said of it.

use std::collections::{BTreeMap, BTreeSet};

use mainstay_model::sidecar_workload::IN_PLACE_ANNOTATION;
use mainstay_model::{ContainerRole, Name, ObjectName, PatchPod, Pod, SidecarWorkload, Uid};
use serde_json::Value;

use super::spec;
use crate::kubelet::{REPLACES_SIDECARS, Sandbox};
use crate::workloads::is_mirrored;

/// What is remembered of main containers.
#[derive(Debug, Default)]
pub struct Mains {
    /// The images that each SidecarWorkload has ever asked for in its main container.
    asked: BTreeMap<ObjectName, BTreeSet<Name>>,
    /// The main container of each pod.
    running: BTreeMap<Uid, Running>,
}

/// A main container that was started.
#[derive(Debug)]
struct Running {
    id: Name,
    /// How often it had ended by itself by then.
    crashes: u32,
    /// The image that it was started with, and all that was pulled in its place.
    images: BTreeSet<Name>,
}

impl Mains {
    /// A SidecarWorkload asks for something.
    pub fn asks(&mut self, workload: &SidecarWorkload) {
        let template: Option<Value> = serde_json::from_slice(&workload.template).ok();
        let image = template.and_then(|template| template.pointer("/main/image")?.as_str().map(Name::from));
        self.asked.entry(workload.meta.name.clone()).or_default().extend(image);
    }

    /// A kubelet has done something about a pod; answers what is wrong with its main container.
    pub fn runs(&mut self, pod: &Pod, main: &str, sandbox: &Sandbox) -> Option<String> {
        let (id, image) = (sandbox.id(main)?.clone(), sandbox.image(main)?.clone());
        if let Some(running) = self.running.get_mut(&pod.meta.uid).filter(|running| running.id == id) {
            running.images.insert(image);
            return None;
        }
        let crashes = sandbox.crashes(main);
        let images = BTreeSet::from([image.clone()]);
        let before = self.running.insert(pod.meta.uid, Running { id, crashes, images })?;
        let images: BTreeSet<&Name> = before.images.iter().chain([&image]).collect();
        // What an orphan does is noted as well: it may be taken over before anybody looks at it again.
        let owner = pod.meta.controller()?.name.clone();
        let asked =
            self.asked.get(&ObjectName { namespace: pod.meta.name.namespace.clone(), name: owner })?;
        let name = &pod.meta.name;
        if before.crashes != crashes || images.iter().any(|image| is_mirrored(image)) {
            return None;
        }
        let is_asked_for = asked.contains(&image) && asked.len() > 1;
        let is_for_its_sake = images.len() > 1 && is_asked_for;
        let what = || format!("{main} of {name} was started again with {image}; {asked:?} was asked for");
        (!is_for_its_sake).then(what)
    }
}

/// What is wrong with a patch that ends a step: the kubelet, of that version, has not come as far.
pub fn not_there_yet(pod: &Pod, patch: &PatchPod, sandbox: &Sandbox, kubelet: (u16, u16)) -> Option<String> {
    let (_, said) = patch.annotations.iter().find(|(key, _)| **key == *IN_PLACE_ANNOTATION)?;
    if said.is_some() || !spec::is_in_place(pod) {
        return None;
    }
    spec::running(pod).find_map(|found| {
        let runs = sandbox.image(&found.name)?;
        // Old kubelets do not replace sidecars, and what somebody else has put there is nobody's step.
        let is_left_alone = found.role == ContainerRole::Sidecar && kubelet < REPLACES_SIDECARS;
        let is_foreign = is_mirrored(&found.image) || is_mirrored(runs);
        let is_wrong = *runs != found.image && !is_left_alone && !is_foreign;
        let (name, container) = (&pod.meta.name, &found.name);
        is_wrong.then(|| format!("{container} of {name} counts as {}, and runs {runs}", found.image))
    })
}
