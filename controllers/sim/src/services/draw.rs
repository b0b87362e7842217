//! Chooses what happens in a world of services, from a seed.

use std::time::Duration;

use mainstay_model::{Name, ObjectName};

use super::objects::{Custom, Families, NodeShape, PodShape, Ports, Preference, ServiceShape};
use super::{APPS, DOOMED_NAMESPACE, NAMESPACES, NODES, POD_NAMES, ServiceStep, Tampering, ZONES};
use crate::clock::Time;
use crate::dice::Dice;
use crate::fault::Fault;
use crate::options::Options;
use crate::script::Step;

/// The services that users work with.
const SERVICES: &[(&str, &str)] = &[("shop", "red"), ("shop", "blue"), ("shop", "all"), ("depot", "red")];
/// As many addresses as an Endpoints can have.
const CAPACITY: u64 = 1000;
/// One that selects nobody, as a rule, and a name that no service has.
const CUSTOM: &[(&str, &str)] = &[("shop", "own"), ("shop", "nobody")];

/// The steps of users and nodes, with their times. They depend on nothing but the seed and whether there are hostile ones.
pub fn draw(seed: u64, options: &Options) -> Vec<(Time, Step)> {
    let mut dice = Dice::new(seed ^ 0x7365_7276_6963_6573);
    let mut steps = beginning(&mut dice);
    if options.crowd {
        steps.extend(crowd(&mut dice));
    }
    for _ in 0..(dice.below(50) + 10) * u64::from(options.length) {
        let time = Time::default().after(dice.up_to(Duration::from_secs(100) * options.length));
        let hostile = dice.percent(30);
        let hostile = hostile && options.faults.has(Fault::Hostile);
        let step = match hostile {
            true => hostile_step(&mut dice),
            false => step(&mut dice),
        };
        let terminates = hostile && dice.percent(1);
        steps.push((
            time,
            match terminates {
                true => Step::TerminateNamespace(DOOMED_NAMESPACE.into()),
                false => Step::Service(step),
            },
        ));
    }
    steps
}

/// Nodes, services, and some pods.
fn beginning(dice: &mut Dice) -> Vec<(Time, Step)> {
    let mut steps: Vec<ServiceStep> = Vec::new();
    let mut late = Vec::new();
    for node in NODES {
        let step = ServiceStep::Node((*node).into(), NodeShape::draw(dice));
        // Some nodes come when pods are on them already: their pods are seen before they are.
        match dice.percent(15) {
            true => {
                late.push((Time::default().after(dice.up_to(Duration::from_secs(60))), Step::Service(step)))
            }
            false => steps.push(step),
        }
    }
    for service in [("shop", "red"), ("shop", "blue"), ("depot", "red")] {
        let shape = ServiceShape { app: Some(service.1.into()), ..shape(dice) };
        steps.push(ServiceStep::Apply(ObjectName::new(service.0, service.1), shape));
    }
    let own = ServiceShape { app: None, ..shape(dice) };
    steps.push(ServiceStep::Apply(ObjectName::new("shop", "own"), own));
    for (namespace, app) in [("shop", "red"), ("shop", "blue"), ("depot", "red")] {
        let count = usize::try_from(dice.below(9)).unwrap_or(0);
        steps.push(ServiceStep::Scale(namespace.into(), app.into(), count));
    }
    steps.into_iter().map(|step| (Time::default(), Step::Service(step))).chain(late).collect()
}

/// An application grows beyond what an Endpoints can name, and then about as far as that goes.
fn crowd(dice: &mut Dice) -> Vec<(Time, Step)> {
    let (mut steps, app) = (Vec::new(), app(dice));
    for seconds in [10, 40, 70] {
        let count = usize::try_from(CAPACITY - 4 + dice.below(12)).unwrap_or(0);
        let time = Time::default().after(Duration::from_secs(seconds));
        steps.push((time, Step::Service(ServiceStep::Scale("shop".into(), app.clone(), count))));
    }
    steps
}

fn step(dice: &mut Dice) -> ServiceStep {
    let (service, pod, namespace, app) = (service(dice), pod(dice), namespace(dice), app(dice));
    match dice.below(30) {
        0 | 1 => ServiceStep::Apply(service, shape(dice)),
        2 => ServiceStep::Delete(service),
        3 => ServiceStep::Recreate(service, shape(dice)),
        4 => ServiceStep::Select(service, dice.percent(50).then_some(app)),
        5 => ServiceStep::LabelService(service, dice.below(4)),
        6 | 7 => ServiceStep::MakePod(pod, PodShape::draw(dice, app)),
        8..=10 => ServiceStep::ReadyPod(pod, dice.percent(50)),
        11 | 12 => ServiceStep::RelabelPod(pod, app),
        13 => ServiceStep::MovePod(pod),
        14 | 15 => ServiceStep::EndPod(pod),
        16 => ServiceStep::FailPod(pod),
        17 => ServiceStep::Roll(namespace, app),
        18..=20 => ServiceStep::Scale(namespace, app, count(dice)),
        21 | 29 => ServiceStep::Node(node(dice), NodeShape::draw(dice)),
        22 => ServiceStep::RemoveNode(node(dice)),
        23 => ServiceStep::ForeignSlice(service, dice.below(3)),
        28 => ServiceStep::Hold(service),
        24 => ServiceStep::Select(custom_service(dice), dice.percent(30).then_some(app)),
        25 if dice.percent(30) => ServiceStep::Delete(custom_service(dice)),
        _ => ServiceStep::WriteEndpoints(custom_service(dice), custom(dice)),
    }
}

/// Many or few, so that slices become many, and nearly empty.
fn count(dice: &mut Dice) -> usize {
    let count = match dice.below(5) {
        0 | 1 => 12 + dice.below(6),
        2 | 3 => 3 + dice.below(4),
        _ => dice.below(13),
    };
    usize::try_from(count).unwrap_or(0)
}

fn hostile_step(dice: &mut Dice) -> ServiceStep {
    let service = if dice.percent(80) { service(dice) } else { custom_service(dice) };
    let which = dice.below(100);
    let all = [
        Tampering::Remove,
        Tampering::Add,
        Tampering::Ready,
        Tampering::Label,
        Tampering::Manager,
        Tampering::Owner,
    ];
    let tampering = dice.one_of(&all).copied().unwrap_or(Tampering::Remove);
    match dice.below(10) {
        0..=2 => ServiceStep::DeleteSlice(which),
        3..=6 => ServiceStep::TamperSlice(which, tampering),
        7 => ServiceStep::DeleteEndpoints(service),
        _ => ServiceStep::TamperEndpoints(service, tampering),
    }
}

fn shape(dice: &mut Dice) -> ServiceShape {
    let app = app(dice);
    let families = [Families::Unset, Families::V4, Families::V6, Families::Dual, Families::DualV6First];
    let ports = [Ports::Number, Ports::Named, Ports::Two, Ports::None];
    let preference = dice.one_of(&Preference::ALL).copied().unwrap_or_default();
    ServiceShape {
        app: (!dice.percent(15)).then_some(app),
        headless: dice.percent(30),
        families: dice.one_of(&families).copied().unwrap_or_default(),
        ports: dice.one_of(&ports).copied().unwrap_or_default(),
        publish_not_ready: dice.percent(15),
        external: dice.percent(5),
        preference,
    }
}

fn custom(dice: &mut Dice) -> Custom {
    Custom {
        subsets: usize::try_from(dice.below(3)).unwrap_or(0),
        addresses: 1 + usize::try_from(dice.below(5)).unwrap_or(0),
        offset: dice.below(3),
        skip_mirror: dice.percent(20),
    }
}

/// A service whose Endpoints users write, or any.
fn custom_service(dice: &mut Dice) -> ObjectName {
    if dice.percent(25) {
        return service(dice);
    }
    let (namespace, name) = dice.one_of(CUSTOM).copied().unwrap_or_default();
    ObjectName::new(namespace, name)
}

fn service(dice: &mut Dice) -> ObjectName {
    let (namespace, name) = dice.one_of(SERVICES).copied().unwrap_or_default();
    ObjectName::new(namespace, name)
}

fn pod(dice: &mut Dice) -> ObjectName {
    ObjectName::new(namespace(dice), format!("pod-{}", dice.below(POD_NAMES)))
}

/// The first namespace has most of what there is.
fn namespace(dice: &mut Dice) -> Name {
    let [first, .., last] = NAMESPACES else { return Name::default() };
    if dice.percent(75) { (*first).into() } else { (*last).into() }
}

fn app(dice: &mut Dice) -> Name {
    dice.one_of(APPS).map(|app| Name::from(*app)).unwrap_or_default()
}

fn node(dice: &mut Dice) -> Name {
    dice.one_of(NODES).map(|node| Name::from(*node)).unwrap_or_default()
}

impl NodeShape {
    /// Mostly one that says all there is to say, so that zones can get their shares.
    pub fn draw(dice: &mut Dice) -> NodeShape {
        let zone = dice.one_of(ZONES).map(|zone| Name::from(*zone));
        let cpu = dice.one_of(&["2", "4", "3500m", "1"]).map(|cpu| Name::from(*cpu));
        NodeShape {
            zone: zone.filter(|_| !dice.percent(8)),
            ready: !dice.percent(15),
            cpu: cpu.filter(|_| !dice.percent(5)),
            control_plane: dice.percent(10),
        }
    }
}
