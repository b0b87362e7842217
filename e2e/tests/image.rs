//! The image of the manager: what is in it, and that it finds an apiserver by its name.
//!
//! These tests build the image, which takes minutes the first time. They are ignored unless asked for.
#![allow(clippy::disallowed_methods, reason = "tests wait, and are told by variables what to do")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;

use mainstay_e2e::image;
use mainstay_e2e::prerequisites::is_root;
use mainstay_e2e::shell::{run, run_command};
use serde_json::{Value, json};

fn read_json(archive: &Path, path: &str) -> Value {
    let text = run("tar", ["-xOf", archive.to_str().unwrap(), path]).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn blob(descriptor: &Value) -> String {
    format!("blobs/{}", descriptor["digest"].as_str().unwrap().replace(':', "/"))
}

#[test]
#[ignore = "builds the image"]
fn the_image_is_one_program_that_nobody_owns() {
    let built = image::build().unwrap();
    let index = read_json(&built.archive, "index.json");
    assert_eq!(index["manifests"][0]["digest"], json!(built.digest));
    assert_eq!(index["manifests"][0]["annotations"]["io.containerd.image.name"], json!(image::NAME));
    let manifest = read_json(&built.archive, &blob(&index["manifests"][0]));
    let configuration = read_json(&built.archive, &blob(&manifest["config"]));
    assert_eq!(configuration["config"]["Entrypoint"], json!(["/mainstay"]));
    assert_eq!(configuration["config"]["User"], json!("65532:65532"));

    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 1);
    let layer = std::env::temp_dir().join(format!("mainstay-layer-{}.tar", std::process::id()));
    let extract = format!("tar -xOf {} {} > {}", built.archive.display(), blob(&layers[0]), layer.display());
    run("sh", ["-c", &extract]).unwrap();
    let listing = run("tar", ["--numeric-owner", "-tvf", layer.to_str().unwrap()]).unwrap();
    fs::remove_file(layer).unwrap();
    assert_eq!(listing.lines().count(), 1, "{listing}");
    assert!(listing.starts_with("-rwxr-xr-x 0/0 ") && listing.trim_end().ends_with(" mainstay"), "{listing}");
}

#[test]
#[ignore = "builds the image"]
fn the_program_does_not_say_where_it_was_built() {
    let built = image::build().unwrap();
    let bytes = fs::read(&built.program).unwrap();
    for folder in [std::env::home_dir().unwrap(), PathBuf::from(env!("CARGO_MANIFEST_DIR"))] {
        let folder = folder.display().to_string();
        assert!(!bytes.windows(folder.len()).any(|window| window == folder.as_bytes()), "{folder}");
    }
}

/// The Dockerfile cannot be run everywhere, but what it says can be compared.
#[test]
fn the_dockerfile_says_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let dockerfile = fs::read_to_string(root.join("controllers/manager/Dockerfile")).unwrap();
    let toolchain = fs::read_to_string(root.join("rust-toolchain.toml")).unwrap();
    let channel =
        toolchain.lines().find_map(|line| line.strip_prefix("channel = ")).unwrap().trim_matches('"');
    for line in [
        &format!("FROM rust:{channel}-bookworm AS build"),
        "FROM scratch",
        "USER 65532:65532",
        "ENTRYPOINT [\"/mainstay\"]",
        &format!("#   docker build -f controllers/manager/Dockerfile -t {} .", image::NAME),
        &format!("      org.opencontainers.image.version=\"{}\" \\", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(dockerfile.lines().any(|found| found == line), "{line} is not in the Dockerfile");
    }
}

/// Where the second half of the next test finds its folder.
const INSIDE: &str = "MAINSTAY_TEST_INSIDE";

/// As in a pod: only the program, and the two files that a kubelet mounts. The name is short, so the search list
/// must be followed. The name server stands on loopback in a network of its own, where nobody else is disturbed.
#[test]
#[ignore = "builds the image"]
fn the_name_of_an_apiserver_is_resolved_inside_the_image() {
    if let Some(folder) = std::env::var_os(INSIDE) {
        ask_by_name(Path::new(&folder));
        return;
    }
    let built = image::build().unwrap();
    let folder = std::env::temp_dir().join(format!("mainstay-dns-{}", std::process::id()));
    fs::create_dir_all(folder.join("etc")).unwrap();
    fs::copy(&built.program, folder.join("mainstay")).unwrap();
    let resolv = "nameserver 127.0.0.1\nsearch mainstay-system.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n";
    fs::write(folder.join("etc/resolv.conf"), resolv).unwrap();
    fs::write(folder.join("etc/hosts"), "127.0.0.1 localhost\n127.0.0.1 by-hosts\n").unwrap();
    let mut command = Command::new("unshare");
    if !is_root() {
        command.arg("--map-root-user");
    }
    command.arg("--net").arg(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "the_name_of_an_apiserver_is_resolved_inside_the_image",
        "--ignored",
        "--nocapture",
    ]);
    let result = run_command(command.env(INSIDE, &folder), None);
    fs::remove_dir_all(folder).unwrap();
    result.unwrap();
}

fn ask_by_name(folder: &Path) {
    run("ip", ["link", "set", "lo", "up"]).unwrap();
    let names = UdpSocket::bind("127.0.0.1:53").unwrap();
    std::thread::spawn(move || answer_names(&names));
    let server = TcpListener::bind("127.0.0.1:8080").unwrap();
    std::thread::spawn(move || answer_requests(&server));
    let probe = |host: &str| {
        run("chroot", [folder.to_str().unwrap(), "/mainstay", "probe", &format!("http://{host}:8080/")])
    };
    for host in ["kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "by-hosts", "localhost"] {
        assert_eq!(probe(host).unwrap(), "found\n", "{host}");
    }
    let error = probe("nobody.default.svc").unwrap_err().to_string();
    assert!(error.contains("cannot resolve nobody.default.svc"), "{error}");
}

/// A name server that knows one name, by its IPv4 address.
fn answer_names(socket: &UdpSocket) {
    const KNOWN: &[u8] = b"\x0akubernetes\x07default\x03svc\x07cluster\x05local\0";
    let mut query = [0; 512];
    loop {
        let (length, client) = socket.recv_from(&mut query).unwrap();
        let end = 12 + query[12..length].iter().position(|byte| *byte == 0).unwrap() + 1;
        let (name, kind) = (&query[12..end], &query[end..end + 2]);
        let known = name.eq_ignore_ascii_case(KNOWN);
        let has_address = known && kind == [0, 1];
        let mut answer = query[..2].to_vec();
        answer.extend(if known { [0x85, 0x80] } else { [0x85, 0x83] });
        answer.extend([0, 1, 0, u8::from(has_address), 0, 0, 0, 0]);
        answer.extend(&query[12..end + 4]);
        if has_address {
            answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4]);
            answer.extend(Ipv4Addr::LOCALHOST.octets());
        }
        socket.send_to(&answer, client).unwrap();
    }
}

fn answer_requests(server: &TcpListener) {
    for stream in server.incoming() {
        let mut stream = stream.unwrap();
        let count = stream.read(&mut [0; 1024]).unwrap();
        assert!(count > 0);
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nfound").unwrap();
    }
}
