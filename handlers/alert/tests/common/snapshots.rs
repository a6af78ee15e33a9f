//! Where the snapshots of the catalogue lie.

/// Runs the assertions with snapshots in a folder of their own, one file for each kind.
pub(crate) fn snapshots(assertions: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots/catalogue");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(assertions);
}
