//! Which controllers play in a world.

use mainstay_model::Kind;

/// The controllers of a world's managers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Stage {
    /// The ReplicationController.
    #[default]
    Replication,
    /// Endpoints, EndpointSlices and their mirroring.
    Endpoints,
    /// The SidecarWorkload.
    Sidecars,
}

impl Stage {
    /// All of them.
    pub const ALL: [Stage; 3] = [Stage::Replication, Stage::Endpoints, Stage::Sidecars];

    /// The name, for command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Replication => "rc",
            Stage::Endpoints => "endpoints",
            Stage::Sidecars => "sidecars",
        }
    }

    /// The kinds that processes watch.
    pub const fn kinds(self) -> &'static [Kind] {
        match self {
            Stage::Replication => &[Kind::Pod, Kind::ReplicationController, Kind::ResourceQuota],
            Stage::Endpoints => &[Kind::Service, Kind::Pod, Kind::Node, Kind::Endpoints, Kind::EndpointSlice],
            Stage::Sidecars => &[
                Kind::SidecarWorkload,
                Kind::ControllerRevision,
                Kind::Pod,
                Kind::Node,
                Kind::PodDisruptionBudget,
                Kind::EndpointSlice,
                Kind::ResourceQuota,
            ],
        }
    }

    /// The names of the controllers.
    pub const fn controllers(self) -> &'static [&'static str] {
        match self {
            Stage::Replication => &[mainstay_replication::NAME],
            Stage::Endpoints => &[
                mainstay_endpoints::subsets::NAME,
                mainstay_endpoints::slices::NAME,
                mainstay_endpoints::mirroring::NAME,
            ],
            Stage::Sidecars => &[mainstay_sidecars::NAME],
        }
    }
}
