//! `cargo xtask image`: the image of the manager.

use anyhow::Result;

use crate::image;

/// Builds the image and says where it is.
pub fn run() -> Result<()> {
    let built = image::build()?;
    println!("image    {}", image::NAME);
    println!("archive  {}", built.archive.display());
    println!("digest   {}", built.digest);
    println!("size     {:.1} MB", built.bytes as f64 / 1e6);
    Ok(())
}
